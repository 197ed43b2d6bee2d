// Records the waveform of one layer in the file +waves=NAME, from the clock edge that begins layer
// +layer=INDEX of the next inference to the one that ends it; then `recorded` rises. The dump goes
// on as long as the simulation: Verilator knows no $dumpoff.
module firstspike_recorder (
    input  wire clk,
    input  wire start,
    input  wire layer_end,
    output reg  recorded
);
    reg [8*1024-1:0] name;
    reg [31:0]       layer;
    reg [31:0]       ended = 0;
    reg              is_wanted = 0;
    reg              was_started = 0;

    initial begin
        recorded = 0;
        if ($value$plusargs("waves=%s", name) && $value$plusargs("layer=%d", layer))
            is_wanted = 1;
    end

    always @(posedge clk) begin
        was_started <= start;
        if (layer_end)
            ended <= ended + 1;
        if (is_wanted && (layer == 0 ? start && !was_started : layer_end && ended + 1 == layer)) begin
            $dumpfile(name);
            $dumpvars(0);
        end
        if (is_wanted && layer_end && ended == layer)
            recorded <= 1;
    end
endmodule
