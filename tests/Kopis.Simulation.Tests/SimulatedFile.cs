namespace Kopis.Simulation.Tests;

/// <summary>A file as processes see it, and as the disk has it.</summary>
internal sealed class SimulatedFile
{
    private readonly List<Change> _unsynced = [];
    private byte[] _durable = [];

    internal byte[] Content { get; private set; } = [];

    /// <summary>Writes that failed, one after another. Each descriptor reports those that it has
    /// not reported yet; one that is opened later, those that none has, as Linux does it.</summary>
    internal int Errors { get; private set; }

    internal int ErrorsSeen { get; set; }

    internal bool IsDirty => _unsynced.Count > 0;

    internal void Do(Change change)
    {
        Content = change.ApplyTo(Content);
        _unsynced.Add(change);
    }

    internal void Sync()
    {
        _unsynced.ForEach(change => _durable = change.ApplyTo(_durable));
        _unsynced.Clear();
    }

    /// <summary>A sync that failed: of each change nobody knows whether it got there, and a later
    /// sync does not try it again, as Linux does it.</summary>
    internal void FailSync(Random random)
    {
        Errors++;
        foreach (Change change in _unsynced)
        {
            if (random.Next(2) == 0)
            {
                _durable = change.Torn(random).ApplyTo(_durable);
            }
        }

        _unsynced.Clear();
    }

    /// <summary>The power goes: each change survives whole, in part, or not at all, and the order
    /// in which they were made means nothing.</summary>
    internal void Crash(Random random)
    {
        foreach (Change change in _unsynced)
        {
            _durable = random.Next(3) switch
            {
                0 => _durable,
                1 => change.Torn(random).ApplyTo(_durable),
                _ => change.ApplyTo(_durable),
            };
        }

        _unsynced.Clear();
        Content = _durable;
    }
}
