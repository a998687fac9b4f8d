namespace Kopis.Local.Spawn;

/// <summary>Limits how many programs of .qmail files run at once, and shares these slots among
/// users. A user with a running program gets another slot only while fewer than
/// <paramref name="sharedPlaces"/> are taken in all. The other slots are for users without a
/// running program, one each. So if one user's programs hang, those of others still run. No I/O.
/// </summary>
/// <param name="places">How many programs may run at once; <c>control/concurrencylocal</c>.</param>
/// <param name="sharedPlaces"><c>control/concurrencyshared</c>.</param>
internal sealed class ProgramPlaces(int places, int sharedPlaces)
{
    private sealed class User
    {
        internal int Running { get; set; }

        internal LinkedList<uint> Waiting { get; } = new();
    }

    private readonly Dictionary<string, User> _users = [];
    private readonly Dictionary<uint, (string User, bool IsRunning)> _deliveries = [];
    private readonly LinkedList<string> _turns = new(); // Users who wait, each once.
    private int _running;

    /// <summary>Asks for a slot for a delivery. The delivery has it when
    /// <see cref="DequeueGranted"/> returns it.</summary>
    /// <returns>False if the delivery already has a slot, or waits for one.</returns>
    internal bool TryAdd(uint delivery, string user)
    {
        if (!_deliveries.TryAdd(delivery, (user, false)))
        {
            return false;
        }

        if (!_users.TryGetValue(user, out User? found))
        {
            _users.Add(user, found = new User());
        }

        if (found.Waiting.Count == 0)
        {
            _turns.AddLast(user);
        }

        found.Waiting.AddLast(delivery);
        return true;
    }

    /// <summary>The next delivery that may run its program, with users taking turns; null if none
    /// may.</summary>
    internal uint? DequeueGranted()
    {
        for (LinkedListNode<string>? turn = _turns.First; turn is not null; turn = turn.Next)
        {
            User user = _users[turn.Value];
            if (_running >= places || (user.Running > 0 && _running >= sharedPlaces))
            {
                continue;
            }

            uint delivery = user.Waiting.First!.Value;
            user.Waiting.RemoveFirst();
            _turns.Remove(turn);
            if (user.Waiting.Count > 0)
            {
                _turns.AddLast(turn);
            }

            _deliveries[delivery] = (turn.Value, true);
            user.Running++;
            _running++;
            return delivery;
        }

        return null;
    }

    /// <summary>Called when a delivery's program has ended, or nobody waits for its slot any more.
    /// </summary>
    /// <returns>False if the delivery has no slot and waits for none.</returns>
    internal bool Remove(uint delivery)
    {
        if (!_deliveries.Remove(delivery, out (string User, bool IsRunning) had))
        {
            return false;
        }

        User user = _users[had.User];
        if (had.IsRunning)
        {
            user.Running--;
            _running--;
        }
        else
        {
            user.Waiting.Remove(delivery);
            if (user.Waiting.Count == 0)
            {
                _turns.Remove(had.User);
            }
        }

        if (user.Running == 0 && user.Waiting.Count == 0)
        {
            _users.Remove(had.User); // Users without programs are forgotten.
        }

        return true;
    }
}
