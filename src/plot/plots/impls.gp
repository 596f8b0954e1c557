# A colour and a form for each implementation, and a legend of them below the subtitle.
nimpls = words(impls)
colour(i) = word(colours, i)
form(i) = int(word(forms, i))
legend_form(i) = form(i)
legend_x(i) = 24 + (i > 1 ? sum [j=1:i-1] 36 + 6.6 * strlen(word(impls, j)) : 0)
legend_at = 'set for [i=1:nimpls] label 1010+i word(impls, i) at screen x(legend_x(i)), screen y(72) \
             left offset 1.2,-0.25 font ",12" textcolor rgb ink point pointtype legend_form(i) pointsize 0.8 \
             linecolor rgb colour(i)'
