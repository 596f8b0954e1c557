# How far the printed figures of GoogLeNet's table 1 are from what their channels give.
# Columns: row, name, weights (percent, agree, text), multiply-adds (percent, agree, text)
row = 22
height = head + 10 + rows * row + 44
limit = 12.0
set terminal svg size width, height @svg
set output output_svg
left = 130; gap = 30; right = 30
panel = (width - left - right - gap) / 2.0
panel_left(c) = x(left + (c - 1) * (panel + gap))
panel_right(c) = x(left + (c - 1) * (panel + gap) + panel)
cut(v) = v > limit ? limit : v < -limit ? -limit : v
set tmargin at screen y(head + 10)
set bmargin at screen y(head + 10 + rows * row)
set yrange [rows - 0.5:-0.5]
unset ytics
set xrange [-2.1 * limit:2.1 * limit]
set xtics ("-10 %%" -10, "" -5, "0" 0, "" 5, "+10 %%" 10)
set multiplot
@title_at
do for [c=1:2] {
    first = c == 1 ? 3 : 6
    set lmargin at screen panel_left(c)
    set rmargin at screen panel_right(c)
    set for [k=0:rows-1:2] object k+1 rectangle from graph 0, first k-0.5 to graph 1, first k+0.5 \
        fillcolor rgb band fillstyle solid noborder behind
    set arrow 1 from first 0, graph 0 to first 0, graph 1 nohead linecolor rgb ink linewidth 1 front
    set label 1003 (c == 1 ? "weights, printed in units of 1,024" : "multiply-adds, printed in millions") \
        at graph 0.5, screen y(head - 2) center textcolor rgb faint
    plot data skip 1 using (cut(column(first))):1:(0):(cut(column(first))):($1 - 0.32):($1 + 0.32): \
            (column(first + 1) > 0 ? 0xbdbdbd : 0xD55E00) with boxxyerror fillstyle solid noborder linecolor rgb variable notitle, \
        data skip 1 using (column(first) < 0 ? cut(column(first)) : NaN):1:(strcol(first + 2)) \
            with labels right offset -0.6,0 font ",11" textcolor rgb ink notitle, \
        data skip 1 using (column(first) < 0 ? NaN : cut(column(first))):1:(strcol(first + 2)) \
            with labels left offset 0.6,0 font ",11" textcolor rgb ink notitle, \
        data skip 1 using (-2.1 * limit):1:(c == 1 ? strcol(2) : "") with labels right offset -1,0 textcolor rgb ink notitle
    unset label
    unset object
}
unset multiplot
