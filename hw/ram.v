// Synchronous memory, one read port and one write port. What is read beside a write to the same word
// is not used; no_rw_check tells Yosys so, which else adds a comparator and a bypass.
module firstspike_ram #(
    parameter WIDTH = 8,
    parameter DEPTH = 16,
    parameter ADDRESS_BITS = 4
) (
    input  wire                    clk,
    input  wire                    read,
    input  wire [ADDRESS_BITS-1:0] read_address,
    output reg  [WIDTH-1:0]        read_data,
    input  wire                    write,
    input  wire [ADDRESS_BITS-1:0] write_address,
    input  wire [WIDTH-1:0]        write_data
);
    (* no_rw_check *)
    reg [WIDTH-1:0] words [0:DEPTH-1];

    always @(posedge clk) begin
        if (read)
            read_data <= words[read_address];
        if (write)
            words[write_address] <= write_data;
    end
endmodule
