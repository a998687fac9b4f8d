using Kopis.Base;
using Kopis.Posix;
using Kopis.Users;

namespace Kopis.Local;

/// <summary>The warm qmail-locals, one for each uid and gid; idle ones end.</summary>
internal sealed class WarmLocals(ProgramContext context, bool asRoot, TimeProvider time)
{
    private const int KillSignal = 9;
    private const int IdleMax = 32; // Each is a process of some 10 MB.
    private static readonly TimeSpan IdleTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ReapPause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<(uint Uid, uint Gid), WarmLocal> _locals = [];
    private readonly List<int> _ended = [];

    /// <summary>Those that run.</summary>
    internal IReadOnlyCollection<WarmLocal> All => _locals.Values;

    /// <summary>When <see cref="Sweep"/> is wanted at the latest; null: not at all.</summary>
    internal TimeSpan? SweepWithin =>
        _ended.Count > 0 ? ReapPause : _locals.Count > 0 ? IdleTimeMax : null;

    /// <summary>The user's own, started if need be.</summary>
    /// <exception cref="PosixException">It cannot be started.</exception>
    internal WarmLocal Get(RecipientUser user)
    {
        // Where all is one user, so is qmail-local.
        (uint, uint) key = asRoot ? (user.Uid, user.Gid) : default;
        if (!_locals.TryGetValue(key, out WarmLocal? local))
        {
            ProcessIdentity? identity =
                asRoot ? new ProcessIdentity(user.Uid, user.Gid, [user.Gid]) : null;
            local = WarmLocal.Start(context, identity);
            _locals.Add(key, local);
        }

        local.LastUsed = time.GetTimestamp();
        return local;
    }

    /// <summary>Gives up one that is gone or talks nonsense.</summary>
    internal void Abandon(WarmLocal local)
    {
        Remove(local);
        Processes.Signal(local.Pid, KillSignal); // Not waited for yet, so the number is still its.
    }

    /// <summary>Ends those that were idle for long, or are too many; forgets those that ended.
    /// </summary>
    internal void Sweep()
    {
        _ended.RemoveAll(pid => Processes.TryWait(pid) is not null);
        if (_locals.Count == 0)
        {
            return;
        }

        List<WarmLocal> idle =
            [.. _locals.Values.Where(local => local.Slots.Count == 0 && !local.HasOutput)];
        idle.Sort((a, b) => a.LastUsed.CompareTo(b.LastUsed));
        for (int i = 0; i < idle.Count; i++)
        {
            bool tooMany = idle.Count - i > IdleMax;
            if (tooMany || time.GetElapsedTime(idle[i].LastUsed) >= IdleTimeMax)
            {
                Remove(idle[i]);
            }
        }
    }

    /// <summary>Hangs up on all.</summary>
    internal void Close()
    {
        foreach (WarmLocal local in _locals.Values)
        {
            local.Close();
        }

        _locals.Clear();
    }

    private void Remove(WarmLocal local)
    {
        local.Close();
        _locals.Remove(_locals.First(pair => pair.Value == local).Key);
        _ended.Add(local.Pid);
    }
}
