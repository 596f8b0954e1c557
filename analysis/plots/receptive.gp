# How the receptive field grows with depth, and which rows of the image outputs depend on.
# Columns: depth, layer, field (rows, columns), jump, rows read by the first, middle, last output row
upper_top = 104; upper = 230; lower_top = upper_top + upper + 56; lower = 230
named = depth <= 44
height = lower_top + lower + (named ? 24 + 4.6 * longest : 56)
set terminal svg size width, height @svg
set output output_svg
array layer_name[depth + 1]
array jump[depth + 1]
stats data skip 1 using (layer_name[int($1) + 1] = strcol(2), jump[int($1) + 1] = $5, $3) name "rows" nooutput
stats data skip 1 using 4 name "columns" nooutput
largest = rows_max > columns_max ? rows_max : columns_max
left = 70; right = 24
slot = (width - left - right) / (depth + 1.0)
set lmargin at screen x(left)
set rmargin at screen x(width - right)
set xrange [-0.5:depth + 0.5]
unset xtics
set grid y linecolor rgb rule linewidth 1 linetype 1
# A band for each stretch of one jump, and the jump above it where there is room.
bands = 'from = 0; stretch = 0; \
    do for [k=0:depth] { if (k == depth || jump[k+2] != jump[k+1]) { \
        stretch = stretch + 1; \
        if (stretch % 2 == 0) { set object stretch rectangle from first from-0.5, graph 0 \
            to first k+0.5, graph 1 fillcolor rgb band fillstyle solid noborder behind }; \
        told = sprintf("%d", jump[k+1]); \
        if (upper_panel && (k - from + 1) * slot > 6.5 * strlen(told)) { set label 100+stretch told \
            at first (from + k) / 2.0, graph 1.06 center font ",11" textcolor rgb faint }; \
        from = k + 1 } }'
set multiplot
@title_at
upper_panel = 1
@bands
set tmargin at screen y(upper_top)
set bmargin at screen y(upper_top + upper)
set yrange [0:1.15 * largest]
set ytics nice(largest, 5)
set ylabel "receptive field, inputs" textcolor rgb faint offset 1,0
set label 1006 "jump" at graph 0, graph 1.06 right offset -1,0 font ",11" textcolor rgb faint
set label 1003 (alike ? "" : "rows") at graph 0.02, graph 0.9 textcolor rgb hue(3)
set label 1004 (alike ? "" : "columns") at graph 0.02, graph 0.82 textcolor rgb hue(1)
every = ceil(34 / slot)
plot data skip 1 using (alike ? NaN : $1):4 with linespoints pointtype mark(1) pointsize 0.6 \
        linewidth 2 linecolor rgb hue(1) notitle, \
    data skip 1 using 1:3 with linespoints pointtype mark(2) pointsize 0.6 linewidth 2 linecolor rgb hue(3) notitle, \
    data skip 1 using 1:($3 > $4 ? $3 : $4):((depth - int($1)) % every == 0 ? sprintf("%d", $3 > $4 ? $3 : $4) : "") \
        with labels center offset 0,0.9 font ",11" textcolor rgb ink notitle
unset label
unset object
upper_panel = 0
@bands
set tmargin at screen y(lower_top)
set bmargin at screen y(lower_top + lower)
set yrange [image_rows + 0.5:0.5]
step = nice(image_rows, 5)
set ytics step, step
set ytics add (1)
set ylabel "row of the image" textcolor rgb faint offset 1,0
witness_hue(i) = word("#56B4E9 #0072B2 #D55E00", i)
set label 1005 "rows that an output row depends on: " at graph 0, screen y(lower_top - 16) left textcolor rgb faint
set for [i=1:3] label 1005+i word("first middle last", i) at screen x(left + 186 + 74 * i), screen y(lower_top - 16) \
    left offset 1.2,-0.25 textcolor rgb ink point pointtype 5 pointsize 0.9 linecolor rgb witness_hue(i)
if (named) {
    set for [k=0:depth] label 200+k layer_name[k+1] at first k, screen y(lower_top + lower + 8) \
        right rotate by 40 font ",11" textcolor rgb ink
} else {
    set xtics scale 0 nomirror nice(depth, 8) textcolor rgb ink
    set xlabel "layer" textcolor rgb faint
}
# Three bars side by side, so that none hides another.
plot for [i=1:3] data skip 1 using 1:(column(4 + 2 * i)):($1 + (i - 2.5) * 0.28):($1 + (i - 1.5) * 0.28): \
    (column(4 + 2 * i) - 0.5):(column(5 + 2 * i) + 0.5) \
    with boxxyerror fillstyle solid noborder linecolor rgb witness_hue(i) notitle
unset multiplot
