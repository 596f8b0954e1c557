# Loss and accuracy of training by epoch.
# Columns: epoch, loss, accuracy
height = 430
set terminal svg size width, height @svg
set output output_svg
left = 62; gap = 84; right = 32; bottom = 56; top = 80
panel = (width - left - gap - right) / 2.0
set tmargin at screen y(top)
set bmargin at screen y(height - bottom)
set grid x y linecolor rgb rule linewidth 1 linetype 1
stats data skip 1 using 1:2 nooutput name "all"
epochs = all_max_x
set xrange [0:epochs * 1.02]
set xtics epochs < 6 ? 1 : nice(epochs, 6)
set xlabel "epoch" textcolor rgb faint offset 0,0.4
set multiplot
@title_at
set lmargin at screen x(left)
set rmargin at screen x(left + panel)
set yrange [0:1.08 * (all_max_y > log(classes) ? all_max_y : log(classes))]
set ylabel "mean cross-entropy" textcolor rgb faint offset 1,0
set arrow 1 from graph 0, first log(classes) to graph 1, first log(classes) nohead linecolor rgb faint dashtype 2
set label 1 "guessing" at graph 0.99, first log(classes) right offset 0,0.6 font ",11" textcolor rgb faint
form = epochs > 40 ? "lines" : "linespoints"
plot data skip 1 using 1:2 with @form linewidth 2.5 pointtype 7 pointsize 0.4 linecolor rgb "#D55E00" notitle
unset label; unset arrow
set lmargin at screen x(left + panel + gap)
set rmargin at screen x(width - right)
set yrange [0:1.04]; set ytics 0.2
set ylabel "accuracy" textcolor rgb faint offset 1,0
set arrow 1 from graph 0, first 1.0 / classes to graph 1, first 1.0 / classes nohead linecolor rgb faint dashtype 2
set label 1 "guessing" at graph 0.99, first 1.0 / classes right offset 0,(classes > 20 ? 0.6 : -0.6) font ",11" textcolor rgb faint
plot data skip 1 using 1:3 with @form linewidth 2.5 pointtype 7 pointsize 0.4 linecolor rgb "#0072B2" notitle
unset multiplot
