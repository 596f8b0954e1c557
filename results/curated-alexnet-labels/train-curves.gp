# Draws train-curves.svg; to draw it again: gnuplot train-curves.gp
data = 'train-curves.csv'
output_svg = 'train-curves.svg'
heading = 'alexnet-mnist learns 600 random labels by heart: accuracy 0.955 after 41 epochs'
subtitle = 'Batches of 10, learning rate 0.001, momentum 0.9, weight decay 0, contrast 64, f32, seed 1; each image before its own step.'
classes = 10

# What every picture shares. Above stand the variables of one picture, written by tilemark; below
# follows the picture's own template, which sets height, subtitle, terminal and output. Pixels are
# turned into screen coordinates here.
set encoding utf8
set datafile separator comma
set datafile missing NaN
svg = 'font "Helvetica,Arial,sans-serif,12" background "#ffffff" noenhanced'
width = 900
ink = "#222222"; faint = "#767676"; rule = "#dddddd"; band = "#f4f5f7"
# Colour and form of series i of a picture (Okabe & Ito 2008): it survives a grey printer.
hue(i) = word("#E69F00 #56B4E9 #0072B2 #CC79A7 #009E73 #D55E00 #F0E442 #000000", (i - 1) % 8 + 1)
mark(i) = int(word("7 5 9 13 11 15 6 4 8 12", (i - 1) % 10 + 1))

x(px) = px / real(width)
y(px) = 1 - px / real(height)

# Heading and subtitle at the top left, room for a legend below them.
head = 96
note = exists("note") ? note : ""
title_at = 'set label 1001 heading at screen x(14), screen y(24) left font ",17" textcolor rgb ink; \
            set label 1002 subtitle . note at screen x(14), screen y(46) left font ",12" textcolor rgb faint'
unset key
set border 0
set tics scale 0 nomirror textcolor rgb ink
set grid x linecolor rgb rule linewidth 1 linetype 1
set errorbars 0

# Three significant digits without an exponent.
short(v) = v < 1000 ? sprintf("%.3g", v) : sprintf("%.0f", v)

# Names of ticks: "10 us", "1 ms".
seconds_name(s) = s < 0.99e-6 ? sprintf("%g ns", s * 1e9) : s < 0.99e-3 ? sprintf("%g us", s * 1e6) : \
                  s < 0.99 ? sprintf("%g ms", s * 1e3) : sprintf("%g s", s)
bytes_name(b) = b < 2**10 ? sprintf("%g B", b) : b < 2**20 ? sprintf("%g KiB", b / 2**10) : \
                b < 2**30 ? sprintf("%g MiB", b / 2**20) : sprintf("%g GiB", b / 2**30)
# Ticks of a logarithmic axis from a to b that is px pixels long, each label needing `room` of them:
# 1 2 5 of every decade, or decades only, or every second one ...; `name` is a function of the value.
log_ticks = 'set xtics scale 0 ("" 1e-300); decades = log10(tick_hi / tick_lo); fine = decades < panel_px / tick_room / 3; \
    every = fine ? 1 : ceil(decades * tick_room / panel_px); \
    do for [e=floor(log10(tick_lo)):ceil(log10(tick_hi))] { do for [m=1:5] { \
        v = m * 10.0**e; \
        if ((m == 1 && e % every == 0 || fine && (m == 2 || m == 5)) && v >= tick_lo && v <= tick_hi) { \
            set xtics add (tick_name(v) v) } } }'
# "1 2 5" steps for a linear axis of about n intervals up to a
nice(a, n) = (u = a / n, p = 10.0**floor(log10(u)), m = u / p, p * (m < 1.5 ? 1 : m < 3.5 ? 2 : m < 7.5 ? 5 : 10))

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
