using System.Text;

namespace Load;

/// <summary>Keeps each message in the Maildir of its first recipient before its 250: the least that a
/// server does, without a queue, other processes or other users' rights. All messages that a turn of
/// the poll has brought share their syncs: one for the files, one for the names.</summary>
/// <param name="mail">The directory of the Maildirs: <c>mail/NAME/tmp</c> and <c>new</c> are there,
/// NAME is a recipient's local part.</param>
internal sealed unsafe class Keeper(string mail)
{
    private const int FewFiles = 2; // A sync of the file system costs more than so many of files.

    private readonly List<(int Fd, string From, string To, string Directory)> _open = [];
    private long _last;

    /// <summary>Writes a message; it is kept after <see cref="Sync"/>.</summary>
    internal void Add(ReadOnlySpan<byte> recipient, ReadOnlySpan<byte> body)
    {
        int at = recipient.IndexOf((byte)'@');
        string box = $"{mail}/{Encoding.ASCII.GetString(recipient[..Math.Max(0, at)])}";
        string name = $"{++_last}.load";
        int fd = Checked(Open($"{box}/tmp/{name}", SystemCalls.CreateNew));
        fixed (byte* start = body)
        {
            for (nint done = 0; done < body.Length;)
            {
                done += Checked(SystemCalls.write(fd, start + done, (nuint)(body.Length - done)));
            }
        }

        _open.Add((fd, $"{box}/tmp/{name}", $"{box}/new/{name}", $"{box}/new"));
    }

    /// <summary>Keeps all that was added.</summary>
    internal void Sync()
    {
        if (_open.Count == 0)
        {
            return;
        }

        bool isFew = _open.Count <= FewFiles;
        foreach ((int fd, _, _, _) in isFew ? _open : _open[..1])
        {
            _ = Checked(isFew ? SystemCalls.fsync(fd) : SystemCalls.syncfs(fd));
        }

        foreach ((_, string from, string to, _) in _open)
        {
            fixed (byte* old = Path(from), name = Path(to))
            {
                _ = Checked(SystemCalls.rename(old, name));
            }
        }

        foreach (string directory in isFew ? _open.Select(one => one.Directory).Distinct() : [])
        {
            int fd = Checked(Open(directory, SystemCalls.ReadOnly));
            _ = Checked(SystemCalls.fsync(fd));
            _ = SystemCalls.close(fd);
        }

        if (!isFew)
        {
            _ = Checked(SystemCalls.syncfs(_open[0].Fd));
        }

        foreach ((int fd, _, _, _) in _open)
        {
            _ = SystemCalls.close(fd);
        }

        _open.Clear();
    }

    private static int Open(string path, int flags)
    {
        const int mode = 0b110_000_000; // rw for the owner.
        fixed (byte* name = Path(path))
        {
            return SystemCalls.open(name, flags, mode);
        }
    }

    private static byte[] Path(string path) => Encoding.UTF8.GetBytes(path + '\0');

    private static int Checked(nint result) => result >= 0 ? (int)result : throw new IOException(
        $"cannot keep a message: error {System.Runtime.InteropServices.Marshal.GetLastPInvokeError()}");
}
