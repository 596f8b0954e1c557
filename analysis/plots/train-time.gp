# Where the time of a training step goes, a bar for each layer and operator.
# Columns: layer, operator, forward s, forward kernel s, backward s, backward kernel s, GFLOP/s, shown
pitch = 20; left = 236; right = 40; bottom = 52; top = 112
height = top + rows * pitch + bottom
set terminal svg size width, height @svg
set output output_svg
@title_at
set lmargin at screen x(left)
set rmargin at screen x(width - right)
set tmargin at screen y(top)
set bmargin at screen y(height - bottom)
ms = 1e3
stats data skip 1 using (ms * ($3 + $5)) nooutput name "bar"
set xrange [0:bar_max * 1.04]
set xtics nice(bar_max, 7)
set xlabel "ms in a step" textcolor rgb faint offset 0,0.4
set yrange [rows - 0.5:-0.5]
unset ytics
half = 0.36
forward_kernel = "#0072B2"; forward_other = "#a9cfe6"; backward_kernel = "#D55E00"; backward_other = "#f2c3a0"
set key at screen x(left), screen y(64) top left Left reverse horizontal samplen 1 width 1 textcolor rgb ink font ",11"
# Long names lose their middle.
fit(name) = strlen(name) > 32 ? name[1:12] . "…" . name[strlen(name) - 17:*] : name
# Bars count the rows that are shown, in the order of the table.
row = -1
at(shown) = shown > 0 ? (row = row + 1, row) : NaN
set style fill solid noborder
plot row = -1 data skip 1 using (0):(at($8)):(0):(ms * $4):(row - half):(row + half) with boxxyerror linecolor rgb forward_kernel title "forward, in kernels", \
    row = -1 data skip 1 using (0):(at($8)):(ms * $4):(ms * $3):(row - half):(row + half) with boxxyerror linecolor rgb forward_other title "forward, outside of them", \
    row = -1 data skip 1 using (0):(at($8)):(ms * $3):(ms * ($3 + $6)):(row - half):(row + half) with boxxyerror linecolor rgb backward_kernel title "backward, in kernels", \
    row = -1 data skip 1 using (0):(at($8)):(ms * ($3 + $6)):(ms * ($3 + $5)):(row - half):(row + half) with boxxyerror linecolor rgb backward_other title "backward, outside of them", \
    row = -1 data skip 1 using (0):(at($8)):(fit(strcol(1) . "  " . strcol(2))) with labels right offset -1,0 font ",11" textcolor rgb ink notitle
