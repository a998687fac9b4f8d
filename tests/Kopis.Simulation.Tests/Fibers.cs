namespace Kopis.Simulation.Tests;

/// <summary>
/// Runs fibers one at a time, in an order that the seed alone decides, and lets time jump to the
/// next deadline when all of them wait.
/// </summary>
internal sealed class Fibers(Random random, SimulatedClock clock) : IDisposable
{
    private const int StackBytes = 512 * 1024;
    private const int OneInSwitches = 3;

    private readonly List<Fiber> _fibers = [];
    private readonly Baton _main = new();
    private Fiber? _current;
    private int _started;
    private int _stepsLeft;
    private bool _stopAsked;
    private Func<bool> _isReached = () => false;
    private Exception? _failure;

    internal SimulatedClock Clock => clock;

    internal int CurrentNumber => _current?.Number ?? 0;

    /// <summary>Starts a fiber; it runs when it is its turn.</summary>
    internal void Start(SimulatedProcess process, Action body)
    {
        Fiber fiber = new(process, ++_started);
        _fibers.Add(fiber);
        new Thread(() => Live(fiber, body), StackBytes) { IsBackground = true }.Start();
    }

    /// <summary>A point between two system calls: others may run here, and all may end.</summary>
    internal void Yield()
    {
        Fiber me = _current!;
        if (me.Process.IsDead)
        {
            throw new KilledException();
        }

        clock.Advance(TimeSpan.FromMicroseconds(20));
        if (--_stepsLeft <= 0)
        {
            _stopAsked = true;
        }

        if (_stopAsked || random.Next(OneInSwitches) == 0)
        {
            Switch(me);
        }
    }

    /// <summary>Lets others run until the condition holds. False if the time was over first.
    /// </summary>
    internal bool Wait(Func<bool> ready, TimeSpan? longest = null)
    {
        Fiber me = _current!;
        if (me.Process.IsDead)
        {
            throw new KilledException();
        }

        me.Ready = ready;
        me.Deadline = longest is { } time ? clock.Passed + time : TimeSpan.MaxValue;
        Switch(me);
        bool result = ready();
        me.Ready = null;
        me.Deadline = TimeSpan.MaxValue;
        return result;
    }

    internal void Sleep(TimeSpan time) => Wait(() => false, time);

    /// <summary>Gives the simulation's own thread its turn at the next switch.</summary>
    internal void AskStop() => _stopAsked = true;

    /// <summary>Runs so many steps at most, or until the condition holds when all wait.</summary>
    internal void Run(int steps, Func<bool> isReached)
    {
        _stepsLeft = steps;
        _stopAsked = false;
        _isReached = isReached;
        Resume(Next());
        ThrowFailure();
    }

    /// <summary>Unwinds the fibers of dead processes.</summary>
    internal void Drain()
    {
        _stopAsked = true;
        foreach (Fiber fiber in _fibers.FindAll(fiber => fiber.Process.IsDead))
        {
            Resume(fiber);
        }

        ThrowFailure();
    }

    public void Dispose()
    {
        _fibers.ForEach(fiber => fiber.Process.Kill());
        _failure = null;
        Drain();
    }

    private void ThrowFailure()
    {
        if (_failure is { } failure)
        {
            _failure = null;
            throw failure is BrokenPromiseException
                ? failure
                : new InvalidOperationException("a process failed", failure);
        }
    }

    private void Live(Fiber fiber, Action body)
    {
        fiber.Baton.Wait();
        try
        {
            if (!fiber.Process.IsDead)
            {
                body();
            }
        }
        catch (KilledException)
        {
            // As intended.
        }
        catch (Exception e)
        {
            _failure ??= e; // A bug, or a promise that is broken.
            _stopAsked = true;
        }

        fiber.IsDone = true;
        _fibers.Remove(fiber);
        HandTo(Next());
    }

    /// <summary>From the simulation's own thread to a fiber, and back.</summary>
    private void Resume(Fiber? fiber)
    {
        if (fiber is not null)
        {
            HandTo(fiber);
            _main.Wait();
        }
    }

    private void Switch(Fiber me)
    {
        Fiber? next = Next();
        if (next != me)
        {
            HandTo(next);
            me.Baton.Wait();
        }

        if (me.Process.IsDead)
        {
            throw new KilledException();
        }
    }

    private void HandTo(Fiber? next)
    {
        _current = next;
        (next?.Baton ?? _main).Release();
    }

    /// <summary>Who runs next; null is the simulation's own thread.</summary>
    private Fiber? Next()
    {
        while (!_stopAsked)
        {
            List<Fiber> able = _fibers.FindAll(
                fiber => fiber.Ready is null || fiber.Deadline <= clock.Passed || fiber.Ready());
            if (able.Count > 0)
            {
                return able[random.Next(able.Count)];
            }

            TimeSpan next = _fibers.Select(f => f.Deadline).DefaultIfEmpty(TimeSpan.MaxValue).Min();
            if (_isReached() || next == TimeSpan.MaxValue || --_stepsLeft <= 0)
            {
                return null;
            }

            clock.Advance(next - clock.Passed);
        }

        return null;
    }
}
