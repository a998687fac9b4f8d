using Kopis.Base;
using Kopis.Local.Worker;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Local.Spawn;

/// <summary>The warm qmail-locals, or qmail-pop3ds, one for each uid and gid. They belong to users
/// and are not trusted: root reads nothing from them. One that has been idle for long has its
/// socket closed; it finishes what it has, and ends.</summary>
/// <param name="context">The context of the program that starts them.</param>
/// <param name="asRoot">Whether we can start processes as other users.</param>
/// <param name="time">The clock.</param>
/// <param name="program">The program to start.</param>
/// <param name="deafTimeMax">A process that leaves grants unread for this long is killed and
/// replaced; null: never.</param>
internal sealed class WarmLocals(
    ProgramContext context, bool asRoot, TimeProvider time, string program = "qmail-local",
    TimeSpan? deafTimeMax = null)
{
    private const int Kill = 9;
    private const int WarmMax = 64; // Each is a process of some 10 MB, most of it shared.
    private static readonly TimeSpan IdleTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ReapPause = TimeSpan.FromSeconds(1);

    private sealed record Local(uint Number, int Pid, int Grants)
    {
        internal long LastUsed { get; set; }
    }

    private readonly Dictionary<(uint Uid, uint Gid), Local> _locals = [];
    private readonly int _nothing = Fd.Open("/dev/null", OpenFlags.ReadWrite);
    private readonly List<int> _ended = [];
    private uint _started;

    /// <summary>How soon <see cref="Sweep"/> has to be called; null: it need not be.</summary>
    internal TimeSpan? SweepWithin =>
        _ended.Count > 0 ? ReapPause : _locals.Count > 0 ? IdleTimeMax : null;

    /// <summary>Grants a delivery to the user's own process, which is started if there is none.
    /// </summary>
    /// <param name="user">The user.</param>
    /// <param name="id">The number of the delivery.</param>
    /// <param name="orders">The other end for orders if a process was started now, which the caller
    /// passes on and closes; else minus one.</param>
    /// <param name="grant">The packet.</param>
    /// <param name="fd">The descriptor to pass along; minus one: none.</param>
    internal RootReply Grant(
        RecipientUser user, uint id, out int orders, byte[] grant, int fd = -1)
    {
        // In single-user mode there is only one process.
        (uint, uint) key = asRoot ? (user.Uid, user.Gid) : default;
        orders = -1;
        if (grant.Length > LocalChannel.GrantBytesMax)
        {
            return new RootReply(id, 0, SpawnCode.System);
        }

        try
        {
            if (!_locals.TryGetValue(key, out Local? local) || !TrySend(key, local, grant, fd))
            {
                local = Start(key.Item1, key.Item2, out orders);
                _locals.Add(key, local);
                if (!TrySend(key, local, grant, fd))
                {
                    return new RootReply(id, 0, SpawnCode.System);
                }
            }

            return new RootReply(id, local.Number, 0);
        }
        catch (PosixException)
        {
            // If our own program cannot be started, the administrator has to fix that; mail must
            // not bounce for it.
            return new RootReply(id, 0, SpawnCode.CannotRunNow);
        }
    }

    /// <summary>Closes the sockets of processes that were idle for long or are too many, and
    /// forgets those that have ended.</summary>
    internal void Sweep()
    {
        _ended.RemoveAll(pid => Processes.TryWait(pid) is not null);
        if (deafTimeMax is not null && _ended.Count > WarmMax)
        {
            Processes.Signal(_ended[0], Kill);
        }

        while (_locals.Count > 0)
        {
            ((uint, uint) key, Local oldest) = _locals.MinBy(local => local.Value.LastUsed);
            if (_locals.Count <= WarmMax && time.GetElapsedTime(oldest.LastUsed) < IdleTimeMax)
            {
                break;
            }

            Remove(key, oldest);
        }
    }

    /// <returns>False if the process has ended or takes no more grants; a new one is started then.
    /// </returns>
    private bool TrySend((uint, uint) key, Local local, byte[] grant, int fd)
    {
        try
        {
            bool isBehind = deafTimeMax is not null && Fd.HasUnread(local.Grants);
            local.LastUsed = isBehind ? local.LastUsed : time.GetTimestamp();
            if (!(isBehind && time.GetElapsedTime(local.LastUsed) > deafTimeMax)
                && FdPassing.TrySend(local.Grants, grant, fd) == grant.Length)
            {
                return true;
            }
        }
        catch (PosixException)
        {
            // The process has ended.
        }

        Remove(key, local);
        return false;
    }

    private Local Start(uint uid, uint gid, out int orders)
    {
        (int grants, int grantsEnd) = Fd.PacketSocketPair();
        (orders, int ordersEnd) = Fd.SocketPair();
        try
        {
            Fd.SetNonBlocking(grants, true);
            ProcessStart start = ProcessStart.Own(context, program, "--serve"u8.ToArray());
            return new Local(++_started, Grants: grants, Pid: (start with
            {
                Descriptors = ProcessStart.InOrder(grantsEnd, _nothing, _nothing, ordersEnd),
                Identity = asRoot ? new ProcessIdentity(uid, gid, [gid]) : null,
            }).Start());
        }
        catch
        {
            Fd.Close(grants);
            Fd.Close(orders);
            orders = -1;
            throw;
        }
        finally
        {
            Fd.Close(grantsEnd);
            Fd.Close(ordersEnd);
        }
    }

    private void Remove((uint, uint) key, Local local)
    {
        if (deafTimeMax is not null && Fd.HasUnread(local.Grants))
        {
            Processes.Signal(local.Pid, Kill); // Its user may have stopped it (SIGSTOP).
        }

        Fd.Close(local.Grants);
        _locals.Remove(key);
        _ended.Add(local.Pid);
    }
}
