namespace Kopis.Server.ClientPolicy;

/// <summary>Counts what clients use against the limits. There are bounded tables for addresses,
/// networks and users: a flood of addresses displaces addresses, but its network stays known.
/// </summary>
internal sealed class UseTables
{
    internal const int RecordsMax = 20_000; // For each table: some 5 MB.

    private readonly Lock _lock = new();
    private readonly IReadOnlyList<ClientLimit> _limits;
    private readonly TimeProvider _time;
    private readonly RecentMap<string, UseRecord>[] _tables;

    internal UseTables(IReadOnlyList<ClientLimit> limits, TimeProvider time)
    {
        _limits = limits;
        _time = time;
        _tables = [.. Enum.GetValues<LimitScope>().Select(
            _ => new RecentMap<string, UseRecord>(
                RecordsMax, static record => record.Open > 0))];
    }

    /// <summary>Counts one use, if all limits allow it.</summary>
    /// <returns>The limit that does not allow it; null if it was counted.</returns>
    internal ClientLimit? TryUse(LimitSubject subject, ClientKeys keys)
    {
        lock (_lock)
        {
            if (FindFull(subject, keys) is { } full)
            {
                return full;
            }

            AddAll(subject, keys);
            return null;
        }
    }

    /// <summary>Counts a connection in the way of <see cref="TryUse"/>. There must also be room for
    /// an error.</summary>
    internal ClientLimit? TryOpen(ClientKeys keys)
    {
        lock (_lock)
        {
            if ((FindFull(LimitSubject.Errors, keys)
                ?? FindFull(LimitSubject.Connections, keys)) is { } full)
            {
                return full;
            }

            AddAll(LimitSubject.Connections, keys);
            ChangeOpen(keys, +1);
            return null;
        }
    }

    /// <summary>Ends a connection that <see cref="TryOpen"/> has counted.</summary>
    internal void Close(ClientKeys keys)
    {
        lock (_lock)
        {
            ChangeOpen(keys, -1);
        }
    }

    /// <summary>Counts an error, which has happened whatever the limits say.</summary>
    /// <returns>The limit that it has used up; null if there is none.</returns>
    internal ClientLimit? AddError(ClientKeys keys)
    {
        lock (_lock)
        {
            AddAll(LimitSubject.Errors, keys);
            return FindFull(LimitSubject.Errors, keys);
        }
    }

    private ClientLimit? FindFull(LimitSubject subject, ClientKeys keys)
    {
        long now = Now();
        for (int i = 0; i < _limits.Count; i++)
        {
            if (_limits[i].Subject == subject
                && keys.In(_limits[i].Scope) is { } key
                && RecordOf(_limits[i].Scope, key).IsFull(i, _limits[i], now))
            {
                return _limits[i];
            }
        }

        return null;
    }

    private void AddAll(LimitSubject subject, ClientKeys keys)
    {
        long now = Now();
        for (int i = 0; i < _limits.Count; i++)
        {
            if (_limits[i].Subject == subject && keys.In(_limits[i].Scope) is { } key)
            {
                RecordOf(_limits[i].Scope, key).Add(i, _limits[i], now);
            }
        }
    }

    // Open connections are needed only if a limit on concurrent connections exists.
    private void ChangeOpen(ClientKeys keys, int change)
    {
        foreach (LimitScope scope in (ReadOnlySpan<LimitScope>)
            [LimitScope.Address, LimitScope.Network])
        {
            bool isLimited = _limits.Any(limit => limit.Period is null && limit.Scope == scope);
            if (isLimited && keys.In(scope) is { } key)
            {
                UseRecord record = RecordOf(scope, key);
                record.Open = Math.Max(0, record.Open + change);
            }
        }
    }

    private UseRecord RecordOf(LimitScope scope, string key)
    {
        RecentMap<string, UseRecord> table = _tables[(int)scope];
        if (!table.TryGet(key, out UseRecord? record))
        {
            record = new UseRecord(_limits.Count);
            table.Set(key, record);
        }

        return record;
    }

    private long Now() => _time.GetElapsedTime(0).Ticks;
}
