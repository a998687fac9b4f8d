using Kopis.Posix;

namespace Kopis.Local.Worker;

/// <summary>Deliveries that wait until qmail-lspawn lets them run a program.</summary>
internal sealed class ProgramGates
{
    private readonly Lock _lock = new();
    private readonly Dictionary<uint, ThreadGate> _waiting = [];
    private bool _isOver;

    /// <summary>Asks for a slot, and waits for the answer.</summary>
    /// <returns>False if no slot will be granted.</returns>
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

    /// <summary>Lets a delivery run its program.</summary>
    /// <exception cref="InvalidDataException">The delivery does not wait for a slot.</exception>
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

    /// <summary>Ends all waits: no more answers come.</summary>
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
