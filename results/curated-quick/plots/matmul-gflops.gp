# Draws matmul-gflops.svg; to draw it again: gnuplot matmul-gflops.gp
data = 'matmul-gflops.csv'
output_svg = 'matmul-gflops.svg'
heading = 'matmul: blocked reaches 31 % of the FMA peak in the median; naive 0.93 %'
op = 'matmul'
threads = 2
threads_text = '2 threads'
note = ''
impls = 'naive strided blocked'
colours = '#7f7f7f #CC79A7 #0072B2'
forms = '7 11 13'
dirs = 'fwd bwd_d bwd_w'
array layers[3]
layers[1] = 'square:384'
layers[2] = 'resnet50:fc1000,mb32'
layers[3] = 'bert:layer0/QK'
longest = 20
peak_f32 = 301.9
peak_f64 = 151.7
used_f32 = 1
used_f64 = 0
array bandwidth[4]
bandwidth[1] = 606.4 # L1, GB/s
bandwidth[2] = 158.7 # L2, GB/s
bandwidth[3] = 44.38 # L3, GB/s
bandwidth[4] = 23.05 # memory, GB/s

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

# A colour and a form for each implementation, and a legend of them below the subtitle.
nimpls = words(impls)
colour(i) = word(colours, i)
form(i) = int(word(forms, i))
legend_form(i) = form(i)
legend_x(i) = 24 + (i > 1 ? sum [j=1:i-1] 36 + 6.6 * strlen(word(impls, j)) : 0)
legend_at = 'set for [i=1:nimpls] label 1010+i word(impls, i) at screen x(legend_x(i)), screen y(72) \
             left offset 1.2,-0.25 font ",12" textcolor rgb ink point pointtype legend_form(i) pointsize 0.8 \
             linecolor rgb colour(i)'

# What the pictures of a run share: a panel for each direction, layers down the page.
ndirs = words(dirs); nlayers = |layers|
direction(d) = panel < 200 ? d : d eq "fwd" ? "forward (fwd)" : \
               d eq "bwd_d" ? "gradient of the data (bwd_d)" : "gradient of the weights (bwd_w)"
# The value in a column, for the rows of one direction and implementation only.
dir_column = 3; impl_column = 4
only(d, i, value) = strcol(dir_column) eq d && strcol(impl_column) eq word(impls, i) ? value : NaN

left = 28 + 6.9 * longest   # room for the layers' names
gap = 24
panel = (width - left - 24 - gap * (ndirs - 1)) / real(ndirs)
panel_left(c) = x(left + (c - 1) * (panel + gap))
panel_right(c) = x(left + (c - 1) * (panel + gap) + panel)

# Layers down the page, one band each; many layers stand closer.
row = nlayers > 16 ? 8 + 5 * nimpls : 12 + 8 * nimpls
layer_axis = 'set yrange [nlayers - 0.5:-0.5]; unset ytics; \
              set for [k=0:nlayers-1:2] object k+1 rectangle from graph 0, first k-0.5 \
              to graph 1, first k+0.5 fillcolor rgb band fillstyle solid noborder behind'
layer_names = 'set for [k=1:nlayers] label k layers[k] at graph 0, first k-1 right offset -1,0 \
               textcolor rgb ink'
no_layer_names = 'unset label'
# Panels without layers down the side need no room for their names.
square_panels = 'left = 76; panel = (width - left - 24 - gap * (ndirs - 1)) / real(ndirs); \
                 side = panel < 320 ? panel : 320'
# Where implementation i of several stands inside a layer's band.
spread(i) = nimpls > 1 ? 0.66 * ((i - 1) / (nimpls - 1.0) - 0.5) : 0

# Rate of one call beside the measured FMA peak, by layer, direction and implementation.
# Columns: row, layer, dir, impl, gflops, lo, hi
height = head + 42 + nlayers * row + 44
npeaks = used_f32 + used_f64
peaks(k) = k == 1 && used_f32 ? peak_f32 : peak_f64
peak_name(k) = npeaks == 1 ? "peak" : k == 1 ? "f32 peak" : "f64 peak"
subtitle = sprintf("GFLOP/s on %s, right is better. Dashed: measured FMA peak, %s GFLOP/s. Bars: 95 %% confidence interval.", threads_text, short(peaks(1)))
set terminal svg size width, height @svg
set output output_svg
stats data skip 1 using 7 name "hi" nooutput
top = 1.04 * (hi_max > peaks(1) ? hi_max : peaks(1))
set xrange [0:top]
set xtics nice(top, panel / 50.0)
set tmargin at screen y(head + 42)
set bmargin at screen y(head + 42 + nlayers * row)
set xlabel "GFLOP/s" textcolor rgb faint offset 0,0.4
set boxwidth 0.66 / nimpls
half = 0.3 / nimpls
legend_form(i) = 5
set multiplot
@title_at
@legend_at
do for [c=1:ndirs] {
    set lmargin at screen panel_left(c)
    set rmargin at screen panel_right(c)
    @layer_axis
    if (c == 1) { @layer_names } else { @no_layer_names }
    set label 1003 direction(word(dirs, c)) at graph 0.5, screen y(head + 14) center textcolor rgb faint
    set for [k=1:npeaks] label 1003+k peak_name(k) at first peaks(k), screen y(head + 32) center \
        font ",11" textcolor rgb ink
    set for [k=1:npeaks] arrow k from first peaks(k), graph 0 to first peaks(k), graph 1 nohead \
        linecolor rgb ink dashtype 2 front
    plot for [i=1:nimpls] data skip 1 \
        using (only(word(dirs, c), i, $5)):($1 + spread(i)):(0):5:($1 + spread(i) - half):($1 + spread(i) + half) \
        with boxxyerror fillstyle solid noborder linecolor rgb colour(i) notitle, \
        for [i=1:nimpls] data skip 1 \
        using (only(word(dirs, c), i, $5)):($1 + spread(i)):6:7 \
        with xerrorbars pointtype -1 linewidth 1 linecolor rgb ink notitle
}
unset multiplot
