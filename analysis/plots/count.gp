# Where a network's parameters are, and where its multiply-adds are: a bar for each row.
# Columns: row, name, 4 shares of the parameters by class, 4 of the multiply-adds, both exact, both as text
row = rows > 60 ? 13 : rows > 20 ? 16 : 20
height = head + 26 + rows * row + 44
set terminal svg size width, height @svg
set output output_svg
classes = "convolution linear attention other"
class_hue(c) = word("#0072B2 #E69F00 #CC79A7 #999999", c)
class_name(c) = c == 4 ? "norms, embeddings" : word(classes, c)
shown(c) = c == 1 ? has_convolution : c == 2 ? has_linear : c == 3 ? has_attention : has_other
left = 28 + 6.9 * longest
gap = 90; right = 84
panel = (width - left - gap - right) / 2.0
panel_left(c) = x(left + (c - 1) * (panel + gap))
panel_right(c) = x(left + (c - 1) * (panel + gap) + panel)
bar_end(first, c) = sum [k=1:c] column(first + k - 1)
bar_start(first, c) = c > 1 ? sum [k=1:c-1] column(first + k - 1) : 0
set tmargin at screen y(head + 26)
set bmargin at screen y(head + 26 + rows * row)
stats data skip 1 using (bar_end(3, 4)) name "params" nooutput
stats data skip 1 using (bar_end(7, 4)) name "macs" nooutput
set yrange [rows - 0.5:-0.5]
unset ytics
set multiplot
@title_at
legend_px = 24
do for [c=1:4] { if (shown(c)) {
    set label 1010+c class_name(c) at screen x(legend_px), screen y(72) left offset 1.2,-0.25 \
        textcolor rgb ink point pointtype 5 pointsize 0.9 linecolor rgb class_hue(c)
    legend_px = legend_px + 40 + 7 * strlen(class_name(c))
} }
do for [half=1:2] {
    first = half == 1 ? 3 : 7
    set lmargin at screen panel_left(half)
    set rmargin at screen panel_right(half)
    longest_bar = half == 1 ? params_max : macs_max
    longest_bar = longest_bar > 0 ? longest_bar : 1
    set xrange [0:1.02 * longest_bar]
    set xtics nice(longest_bar, 4)
    set format x "%g %%"
    set for [k=0:rows-1:2] object k+1 rectangle from graph 0, first k-0.5 to graph 1, first k+0.5 \
        fillcolor rgb band fillstyle solid noborder behind
    set label 1003 (half == 1 ? "share of the parameters" : "share of the multiply-adds") \
        at graph 0.5, screen y(head + 14) center textcolor rgb faint
    plot for [c=1:4] data skip 1 \
        using (bar_end(first, c)):1:(bar_start(first, c)):(bar_end(first, c)):($1 - 0.36):($1 + 0.36) \
        with boxxyerror fillstyle solid noborder linecolor rgb class_hue(c) notitle, \
        data skip 1 using (bar_end(first, 4)):1:(strcol(half == 1 ? 13 : 14)) \
        with labels left offset 0.6,0 font ",11" textcolor rgb ink notitle, \
        data skip 1 using (0):1:(half == 1 ? strcol(2) : "") \
        with labels right offset -1,0 textcolor rgb ink notitle
    unset label
    unset object
}
unset multiplot
