# Parameters, multiplications and activations of both forms of Inception modules, by branch.
# Columns: row, module, measure, version, 1x1, 3x3, 5x5, pool, text
row = modules > 1 ? 40 : 64
height = head + 26 + modules * row + 40
set terminal svg size width, height @svg
set output output_svg
measures = "parameters multiplications activations"
branches = "1x1 3x3 5x5 pool"
branch_hue(b) = word("#56B4E9 #0072B2 #E69F00 #999999", b)
left = modules > 1 ? 124 : 96
gap = 66; right = 60
count_name(v) = v < 1e3 ? sprintf("%g", v) : v < 1e6 ? sprintf("%g k", v / 1e3) : \
                v < 1e9 ? sprintf("%g M", v / 1e6) : sprintf("%g G", v / 1e9)
panel = (width - left - right - 2 * gap) / 3.0
panel_left(c) = x(left + (c - 1) * (panel + gap))
panel_right(c) = x(left + (c - 1) * (panel + gap) + panel)
bar_end(b) = sum [k=1:b] column(4 + k)
bar_start(b) = b > 1 ? sum [k=1:b-1] column(4 + k) : 0
of(measure, value) = strcol(3) eq measure ? value : NaN
place(version) = $1 + (version eq "naive" ? -0.21 : 0.21)
array largest[3]
do for [c=1:3] {
    stats data skip 1 using (of(word(measures, c), bar_end(4))) name "sum" nooutput
    largest[c] = sum_max
}
set tmargin at screen y(head + 26)
set bmargin at screen y(head + 26 + modules * row)
set yrange [modules - 0.5:-0.5]
unset ytics
set multiplot
@title_at
set for [b=1:4] label 1010+b word(branches, b) at screen x(24 + (b - 1) * 70), screen y(72) \
    left offset 1.2,-0.25 textcolor rgb ink point pointtype 5 pointsize 0.9 linecolor rgb branch_hue(b)
do for [c=1:3] {
    measure = word(measures, c)
    set lmargin at screen panel_left(c)
    set rmargin at screen panel_right(c)
    set xrange [0:1.02 * largest[c]]
    step = nice(largest[c], 3)
    set xtics scale 0 ("0" 0)
    do for [k=1:int(largest[c] / step)] { set xtics add (count_name(k * step) k * step) }
    set for [k=0:modules-1:2] object k+1 rectangle from graph 0, first k-0.5 to graph 1, first k+0.5 \
        fillcolor rgb band fillstyle solid noborder behind
    set label 1003 measure at graph 0.5, screen y(head + 14) center textcolor rgb faint
    plot for [b=1:4] data skip 1 using (of(measure, bar_end(b))):(place(strcol(4))): \
            (bar_start(b)):(bar_end(b)):(place(strcol(4)) - 0.17):(place(strcol(4)) + 0.17) \
            with boxxyerror fillstyle solid noborder linecolor rgb branch_hue(b) notitle, \
        data skip 1 using (of(measure, bar_end(4))):(place(strcol(4))):(strcol(9)) \
            with labels left offset 0.6,0 font ",11" textcolor rgb ink notitle, \
        data skip 1 using (of(measure, 0)):(place(strcol(4))):(modules > 1 ? substr(strcol(4), 1, 1) : c == 1 ? strcol(4) : "") \
            with labels right offset -0.6,0 font ",11" textcolor rgb faint notitle, \
        data skip 1 using (of(c == 1 && modules > 1 ? measure : "", 0)):1:(strcol(4) eq "naive" ? strcol(2) : "") \
            with labels right offset -2.2,0 textcolor rgb ink notitle
    unset label
    unset object
}
unset multiplot
