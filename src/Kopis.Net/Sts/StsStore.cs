using Kopis.Base;
using Kopis.Mail.Authentication;
using Kopis.Mail.Transport;
using Kopis.Posix;

namespace Kopis.Net.Sts;

/// <summary>The directory <c>mta-sts</c>: a file with the policy of each domain. A policy that
/// cannot be stored is fetched again. May be used from many threads.</summary>
/// <param name="path">The directory.</param>
/// <param name="log">Gets a line if policies cannot be stored.</param>
/// <param name="time">The clock.</param>
public sealed class StsStore(string path, Action<string> log, TimeProvider time)
{
    /// <summary>The most domains; most policies have some hundred bytes.</summary>
    public const int FilesMax = 10_000;

    private const int FileBytesMax = StsPolicy.BytesMax + StsKept.HeadBytesMax + 1;
    private const int OwnerFile = 0x180; // 0600
    private const string Temporary = "~"; // No domain has such a name.
    private const string NotKept = "mta-sts policies that are not kept";

    private readonly Lock _lock = new();
    private readonly LogThrottle _faults = new(log, time);
    private HashSet<string>? _names;

    /// <summary>The stored policy of a domain, whatever its age; null if there is none.</summary>
    /// <param name="domain">The domain, normalized.</param>
    public StsKept? Read(string domain)
    {
        lock (_lock)
        {
            try
            {
                using Beneath? tree = Beneath.TryOpenOwn(path);
                return tree?.TryReadFile(domain, FileBytesMax, out _) is { } file
                    ? StsKept.Read(file) : null;
            }
            catch (PosixException)
            {
                return null; // Without the directory: said where a policy is to be kept.
            }
        }
    }

    /// <summary>Stores a policy. If there is no room, another one is removed.</summary>
    public void Write(string domain, StsKept kept)
    {
        lock (_lock)
        {
            try
            {
                using Beneath? tree = Beneath.TryOpenOwn(path);
                if (tree is null)
                {
                    _faults.Write(NotKept, $"{path}: not a directory of this user's that "
                        + "nobody else can write to: policies are not kept");
                    return;
                }

                _names ??= [.. (tree.TryList("", out _) ?? []).Where(DomainText.IsName)];
                MakeRoom(tree, domain);
                Replace(tree, domain, kept.ToBytes());
                _names.Add(domain);
            }
            catch (PosixException e)
            {
                _faults.Write(NotKept, $"{path}: policies are not kept: {e.Message}");
            }
        }
    }

    /// <summary>Removes any other policy: to find the oldest, all would have to be read.</summary>
    private void MakeRoom(Beneath tree, string domain)
    {
        while (_names!.Count >= FilesMax && !_names.Contains(domain))
        {
            string other = _names.ElementAt(Random.Shared.Next(_names.Count));
            tree.TryUnlink(other);
            _names.Remove(other);
        }
    }

    private static void Replace(Beneath tree, string domain, byte[] file)
    {
        tree.TryUnlink(Temporary);
        int fd = tree.Open(
            Temporary, OpenFlags.WriteOnly | OpenFlags.Create, OwnerFile);
        try
        {
            Fd.WriteAll(fd, file);
        }
        finally
        {
            Fd.Close(fd);
        }

        tree.Rename(Temporary, domain);
    }
}
