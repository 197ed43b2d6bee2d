// Files at the ends of streams. Names come from plusargs, so that one model serves every network.

// Sends the words from `first` to before `limit` of the file +source=NAME, once for each time that
// `send` rises; only while idle. A word has WIDTH bits, in the file its most significant byte first.
module firstspike_source #(
    parameter integer WIDTH = 32
) (
    input  wire             clk,
    input  wire             rst,
    input  wire [31:0]      first,
    input  wire [31:0]      limit,
    input  wire             send,
    output reg  [WIDTH-1:0] word,
    output reg              valid,
    input  wire             ready,
    output wire             idle
);
    reg [8*1024-1:0] name;
    reg [WIDTH-1:0]  fetched;
    reg [31:0]       next = 0;
    reg [31:0]       last = 0;
    reg              was_sending = 0;
    integer          file = 0;
    integer          status;

    initial begin
        valid = 0;
        if ($value$plusargs("source=%s", name))
            file = $fopen(name, "rb");
    end

    assign idle = !valid && next == last;

    always @(posedge clk) begin
        was_sending <= send;
        if (send && !was_sending) begin
            status = $fseek(file, first * (WIDTH / 8), 0);
            next <= first;
            last <= limit;
        end else if (!rst && (!valid || ready)) begin
            valid <= 0;
            if (next != last) begin
                status = $fread(fetched, file);
                word <= fetched;
                valid <= status == WIDTH / 8;
                next <= next + 1;
            end
        end
    end
endmodule

// Writes every valid word to the file +NAME=FILE, 32-bit units, least significant first.
module firstspike_sink #(
    parameter         NAME = "sink",
    parameter integer WIDTH = 32
) (
    input wire             clk,
    input wire             valid,
    input wire [WIDTH-1:0] word
);
    reg [8*1024-1:0] name;
    integer          file = 0;

    initial
        if ($value$plusargs({NAME, "=%s"}, name))
            file = $fopen(name, "wb");

    always @(posedge clk)
        if (valid && file != 0)
            $fwrite(file, "%u", word);

    final
        if (file != 0)
            $fclose(file);
endmodule
