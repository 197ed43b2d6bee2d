// Writes what it is given, at every edge of the clock, to the file +lanes=NAME followed by "_" and
// the number of its lane, if that is one of the first LANES; 32-bit units, least significant first.
module firstspike_port_recorder #(
    parameter integer WIDTH = 32,
    parameter integer LANES = 1
) (
    input wire             clk,
    input wire [31:0]      lane,
    input wire [WIDTH-1:0] word
);
    reg [8*1024-1:0] name;
    integer          file = 0;
    reg              is_wanted = 0;

    initial
        if ($value$plusargs("lanes=%s", name))
            is_wanted = 1;

    always @(posedge clk)
        if (is_wanted && lane < LANES) begin
            if (file == 0)
                file = $fopen($sformatf("%0s_%0d", name, lane), "wb");
            $fwrite(file, "%u", word);
        end

    final
        if (file != 0)
            $fclose(file);
endmodule
