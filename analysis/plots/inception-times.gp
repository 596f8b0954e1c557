# What bottlenecks save: operations beside time, by direction, implementation and threads.
# Columns: dir, impl, threads, naive_s, bottleneck_s, time_ratio, ci_lo, ci_hi, rounds
nimpls = words(impls); nthreads = words(thread_counts); ndirs = words(dirs)
row = 18 + 13 * nthreads
height = head + 40 + (nimpls + 0.7) * row + 48
set terminal svg size width, height @svg
set output output_svg
longest = 10
do for [i=1:nimpls] { if (strlen(word(impls, i)) > longest) { longest = strlen(word(impls, i)) } }
left = 28 + 6.9 * longest
gap = 24
panel = (width - left - 30 - gap * (ndirs - 1)) / real(ndirs)
panel_left(c) = x(left + (c - 1) * (panel + gap))
panel_right(c) = x(left + (c - 1) * (panel + gap) + panel)
direction(d) = panel < 200 ? d : d eq "fwd" ? "forward (fwd)" : \
               d eq "bwd_d" ? "gradient of the data (bwd_d)" : "gradient of the weights (bwd_w)"
thread_hue(t) = word("#56B4E9 #0072B2 #E69F00 #009E73 #CC79A7 #D55E00", (t - 1) % 6 + 1)
index_of(list, name) = int(sum [k=1:words(list)] (word(list, k) eq name ? k : 0))
spread(t) = 0.8 * ((t - 0.5) / nthreads - 0.5)
half = 0.36 / nthreads
stats data skip 1 using 6 name "ratio" nooutput
top = 1.35 * (ratio_max > saving ? ratio_max : saving)
# Intervals may reach far: they are cut where the numbers begin.
inside(v) = v > 0.84 * top ? 0.84 * top : v
only(d, t, value) = strcol(1) eq d && strcol(3) eq word(thread_counts, t) ? value : NaN
set tmargin at screen y(head + 40)
set bmargin at screen y(head + 40 + (nimpls + 0.7) * row)
set yrange [nimpls + 0.5:-0.2]
unset ytics
set xrange [0:top]
set xtics nice(top, 5)
set format x "%gx"
set xlabel "naive over bottleneck" textcolor rgb faint offset 0,0.3
set multiplot
@title_at
set label 1010 "operations" at screen x(24), screen y(72) left offset 1.2,-0.25 textcolor rgb ink \
    point pointtype 5 pointsize 0.9 linecolor rgb "#666666"
set for [t=1:nthreads] label 1010+t sprintf("time, %s thread%s", word(thread_counts, t), word(thread_counts, t) eq "1" ? "" : "s") \
    at screen x(10 + 118 * t), screen y(72) left offset 1.2,-0.25 textcolor rgb ink \
    point pointtype 5 pointsize 0.9 linecolor rgb thread_hue(t)
do for [c=1:ndirs] {
    d = word(dirs, c)
    set lmargin at screen panel_left(c)
    set rmargin at screen panel_right(c)
    set label 1003 direction(d) at graph 0.5, screen y(head + 14) center textcolor rgb faint
    if (c == 1) {
        set for [i=1:nimpls] label i word(impls, i) at graph 0, first i right offset -1,0 textcolor rgb ink
        set label 100 "operations" at graph 0, first 0.15 right offset -1,0 textcolor rgb ink
    }
    set for [i=1:nimpls:2] object i+1 rectangle from graph 0, first i-0.5 to graph 1, first i+0.5 \
        fillcolor rgb band fillstyle solid noborder behind
    set object 1 rectangle from 0, 0.0 to saving, 0.3 fillcolor rgb "#666666" fillstyle solid noborder front
    set label 1004 sprintf("%.2fx", saving) at first saving, first 0.15 left offset 0.6,0 font ",11" textcolor rgb ink
    set arrow 1 from first saving, graph 0 to first saving, graph 1 nohead linecolor rgb ink dashtype 2 front
    plot for [t=1:nthreads] data skip 1 using (only(d, t, $6)):(index_of(impls, strcol(2)) + spread(t)): \
            (0):6:(index_of(impls, strcol(2)) + spread(t) - half):(index_of(impls, strcol(2)) + spread(t) + half) \
            with boxxyerror fillstyle solid noborder linecolor rgb thread_hue(t) notitle, \
        for [t=1:nthreads] data skip 1 using (only(d, t, $6)):(index_of(impls, strcol(2)) + spread(t)):(inside($7)):(inside($8)) \
            with xerrorbars pointtype -1 linewidth 1.2 linecolor rgb ink notitle, \
        for [t=1:nthreads] data skip 1 using (only(d, t, top)):(index_of(impls, strcol(2)) + spread(t)):(sprintf("%.2fx", $6)) \
            with labels right offset -0.5,0 font ",11" textcolor rgb ink notitle
    unset label
    unset object
}
unset multiplot
