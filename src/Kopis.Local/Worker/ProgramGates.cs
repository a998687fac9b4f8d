using Kopis.Posix;

namespace Kopis.Local.Worker;

/// <summary>Deliveries that wait until qmail-lspawn lets them run a program.</summary>
internal sealed class ProgramGates
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, ThreadGate> _waiting = [];
    private bool _isOver;

    /// <summary>Asks, and waits for the answer.</summary>
    /// <returns>False if none will come.</returns>
    internal bool Wait(uint delivery, Action ask)
    {
        using ThreadGate gate = new();
        lock (_lock)
        {
            if (_isOver)
            {
                return false;
            }

            _waiting.Add(delivery, gate);
        }

        ask();
        gate.Wait();
        lock (_lock)
        {
            return !_waiting.Remove(delivery);
        }
    }

    /// <summary>The delivery may run its program.</summary>
    /// <exception cref="InvalidDataException">It does not wait for that.</exception>
    internal void Open(uint delivery)
    {
        lock (_lock)
        {
            if (!_waiting.Remove(delivery, out ThreadGate? gate))
            {
                throw new InvalidDataException("A place is granted that nobody waits for.");
            }

            gate.Open();
        }
    }

    /// <summary>No answer comes any more.</summary>
    internal void End()
    {
        lock (_lock)
        {
            _isOver = true;
            foreach (ThreadGate gate in _waiting.Values)
            {
                gate.Open();
            }
        }
    }
}
