% One dual-GDA iteration (SPEC §3) as a Matlab script writes it: double precision, matrices of samples by neurons.
%
%   octave-cli octave.m --check      replays tests/golden in double; must agree to 1e-10
%   octave-cli octave.m [--dimension D] [--points N] [--particles N] [--neurons M] [--seconds S] [--serve]
1;
crash_dumps_octave_core(false);

function [x, z, w] = iteration(x, z, w, data, signs, noise, p)
  m = rows(z);
  % Particles: a Langevin step with antithetic noise, then back to the sphere.
  gradient = ((x * z') > 0) * (signs .* w .* z) / m;
  x = x - p.particle_step * gradient + sqrt(2 * p.particle_step) * [noise; -noise];
  x = x ./ sqrt(sum(x .^ 2, 2));
  % Neurons and weights, at the new particles and the old neurons.
  u = data * z';
  v = x * z';
  direction = (u > 0)' * data / rows(data) - (v > 0)' * x / rows(x);
  feature = mean(max(u, 0), 1)' - mean(max(v, 0), 1)';
  velocity = signs .* direction;
  velocity = velocity - sum(velocity .* z, 2) .* z;
  z = z - p.neuron_step * velocity;
  z = z ./ sqrt(sum(z .^ 2, 2));
  w = w .* exp(-p.weight_step * signs .* feature);
  w = w * min(p.total_variation_cap / mean(w), 1);
end

function check(folder)
  for name = {'gda_d15.json', 'gda_d3.json'}
    p = jsondecode(fileread(fullfile(folder, name{1})));
    x = [p.data; p.data];
    z = p.initial_neurons;
    w = ones(rows(z), 1);
    for t = 1:p.steps
      [x, z, w] = iteration(x, z, w, p.data, p.signs, squeeze(p.noise(t, :, :)), p);
    end
    energy = max(p.data * z', 0) * (p.signs .* w) / rows(z);
    difference = [(x - p.final_particles)(:); (z - p.final_neurons)(:); w - p.final_weights; energy - p.final_energy_on_data];
    if ! (norm(difference, Inf) <= 1e-10)
      error('Octave differs from %s by %g', name{1}, norm(difference, Inf));
    end
    printf('Octave %s: %s agrees to %.1g\n', version(), name{1}, norm(difference, Inf));
  end
end

function [per_iteration, state] = measure(state, data, signs, p, seconds)
  half = [rows(state.x) / 2, columns(data)];
  count = 0;
  start = tic();
  do
    [state.x, state.z, state.w] = iteration(state.x, state.z, state.w, data, signs, randn(half), p);
    count += 1;
  until toc(start) >= seconds
  per_iteration = toc(start) / count;
end

function value = option(name, default)
  value = default;
  words = argv();
  place = find(strcmp(words, name));
  if place
    value = str2double(words{place + 1});
  end
end

function x = on_sphere(count, dimension)
  x = randn(count, dimension);
  x = x ./ sqrt(sum(x .^ 2, 2));
end

function serve()
  p = struct('particle_step', 0.02, 'neuron_step', 0.2, 'weight_step', 0.2, 'total_variation_cap', 10);
  d = option('--dimension', 15);
  m = option('--neurons', 64);
  data = on_sphere(option('--points', 10000), d);
  signs = [-ones(floor(m / 2), 1); ones(m - floor(m / 2), 1)];
  x = repmat(data, option('--particles', 20000) / rows(data), 1);
  state = struct('x', x, 'z', on_sphere(m, d), 'w', ones(m, 1));
  [unused, state] = measure(state, data, signs, p, 0.5);
  printf('{"ready": "Octave %s", "threads": %d}\n', version(), option('--threads', 1));
  fflush(stdout);
  if ! any(strcmp(argv(), '--serve'))
    printf('{"seconds": %g}\n', measure(state, data, signs, p, option('--seconds', 1)));
    return
  end
  % input, since fgetl looks at what follows the line before it returns; an empty line ends.
  while ! isempty(line = input('', 's'))
    [per_iteration, state] = measure(state, data, signs, p, str2double(line));
    printf('{"seconds": %g}\n', per_iteration);
    fflush(stdout);
  end
end

if any(strcmp(argv(), '--check'))
  check(fullfile(fileparts(mfilename('fullpath')), '..', '..', 'golden'));
else
  serve();
end
