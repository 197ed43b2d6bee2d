// Files at the ends of streams. Names come from plusargs, so that one model serves every network.

// Sends 32-bit words, most significant byte first, from the file +source=NAME, but no more than
// `limit` words in all.
module firstspike_source (
    input  wire        clk,
    input  wire        rst,
    input  wire [31:0] limit,
    output reg  [31:0] word,
    output reg         valid,
    input  wire        ready,
    output wire        idle
);
    reg [8*1024-1:0] name;
    reg [31:0]       fetched = 0;
    integer          file = 0;
    integer          status;

    initial begin
        valid = 0;
        if ($value$plusargs("source=%s", name))
            file = $fopen(name, "rb");
    end

    assign idle = !valid && fetched == limit;

    always @(posedge clk) begin
        if (!rst && (!valid || ready)) begin
            valid <= 0;
            if (file != 0 && fetched != limit) begin
                status = $fread(word, file);
                valid <= status == 4;
                fetched <= fetched + 1;
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
