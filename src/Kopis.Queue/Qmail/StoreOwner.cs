using Kopis.Posix;

namespace Kopis.Queue;

/// <summary>Whom a directory of the queue belongs to. Root works on it as he, so that the files are
/// his, and nothing that he puts there leads root elsewhere.</summary>
internal sealed class StoreOwner
{
    private readonly ProcessIdentity? _identity;

    private StoreOwner(ProcessIdentity? identity) => _identity = identity;

    internal static StoreOwner Of(string directory)
    {
        FileStatus status = Fd.TryStatus(Fd.PathBytes(directory), out int errno)
            ?? throw new PosixException($"open {directory}", errno);
        return new StoreOwner(Processes.EffectiveUid == 0 && status.Uid != 0
            ? new ProcessIdentity(status.Uid, status.Gid, status.Gid)
            : null);
    }

    internal void Act(Action action)
    {
        if (_identity is { } identity)
        {
            identity.RunAs(action);
        }
        else
        {
            action();
        }
    }

    internal T Act<T>(Func<T> action)
    {
        T result = default!;
        Act(() => { result = action(); });
        return result;
    }
}
