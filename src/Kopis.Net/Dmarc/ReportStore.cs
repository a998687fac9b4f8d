using System.Globalization;
using Kopis.Base;
using Kopis.Mail.Authentication;
using Kopis.Posix;

namespace Kopis.Net.Dmarc;

/// <summary>
/// The directory <c>dmarc</c>: for each day (UTC) a directory, in it for each domain a file of
/// lines. Listeners add to them, each for itself; a crash may cut the last lines short. Disposed
/// when no longer used.
/// </summary>
public sealed class ReportStore : IDisposable
{
    /// <summary>Domains of a day.</summary>
    public const int DomainsMax = 10_000;

    /// <summary>Bytes of a day.</summary>
    public const long DayBytesMax = 128 * 1024 * 1024;

    /// <summary>Days that are kept where nobody sends reports.</summary>
    public const int DaysMax = 7;

    private const int FileBytesMax = 2 * DomainRows.BytesMax;
    private const int OwnerDirectory = 0x1C0; // 0700
    private const int OwnerFile = 0x180; // 0600
    private const string LockName = "lock";
    private const int LockTries = 40;
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(50);
    private const string DayFormat = "yyyy-MM-dd";

    private readonly Beneath _tree;

    /// <summary>Opens it.</summary>
    /// <exception cref="ConfigurationException">It is another's.</exception>
    /// <exception cref="PosixException">It is not there, or cannot be opened.</exception>
    public ReportStore(string path) => _tree = Beneath.TryOpenOwn(path)
        ?? throw new ConfigurationException(
            $"{path}: not a directory of this user's that nobody else can write to",
            ExitCode.Permanent);

    /// <summary>Reads a day as it is written here: 2026-11-29.</summary>
    public static bool TryDay(string text, out DateOnly day) => DateOnly.TryParseExact(
        text, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out day);

    /// <summary>Writes a day.</summary>
    public static string NameOf(DateOnly day) =>
        day.ToString(DayFormat, CultureInfo.InvariantCulture);

    /// <summary>Adds to a day's rows, by domain.</summary>
    /// <returns>How many domains had no place.</returns>
    /// <exception cref="PosixException">They cannot be written.</exception>
    /// <exception cref="ConfigurationException">Another process does not let go of them.
    /// </exception>
    public int Add(DateOnly day, IReadOnlyDictionary<string, DomainRows> rows)
    {
        using IDisposable held = Lock();
        MakeRoom(day);
        (int files, long bytes) = Size(day);
        int without = 0;
        foreach ((string domain, DomainRows fresh) in rows)
        {
            byte[] text = fresh.ToBytes();
            long size = _tree.TryStatus(NameOf(day, domain))?.Size ?? -1;
            if ((size < 0 && files >= DomainsMax) || bytes + text.Length > DayBytesMax)
            {
                without++;
                continue;
            }

            files += size < 0 ? 1 : 0;
            bytes += text.Length;
            if (size + text.Length <= FileBytesMax)
            {
                Append(NameOf(day, domain), text);
            }
            else
            {
                DomainRows whole = Read(day, domain);
                whole.Add(fresh);
                Replace(NameOf(day, domain), whole.ToBytes());
            }
        }

        return without;
    }

    /// <summary>The days there are, the oldest first.</summary>
    public IReadOnlyList<DateOnly> Days() =>
    [
        .. (_tree.TryList("", out _) ?? [])
            .Select(name => TryDay(name, out DateOnly day) ? day : DateOnly.MinValue)
            .Where(day => day != DateOnly.MinValue).Order(),
    ];

    /// <summary>The domains of a day, in order.</summary>
    public IReadOnlyList<string> Domains(DateOnly day) =>
    [
        .. (_tree.TryList(NameOf(day), out _) ?? []).Where(DomainText.IsName)
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>The rows of a domain; none where they cannot be read.</summary>
    public DomainRows Read(DateOnly day, string domain) => DomainRows.Read(
        _tree.TryReadFile(NameOf(day, domain), FileBytesMax, out _) ?? []);

    /// <summary>Removes the rows of a domain, and the day after its last.</summary>
    public void Remove(DateOnly day, string domain)
    {
        _tree.TryUnlink(NameOf(day, domain));
        _tree.TryRemoveDirectory(NameOf(day));
    }

    /// <summary>Holds off others while there is work that two must not do at once; null where
    /// another does it.</summary>
    public IDisposable? TryHold(string name)
    {
        int fd = OpenLock(name);
        if (Fd.TryLockExclusive(fd))
        {
            return new Held(fd);
        }

        Fd.Close(fd);
        return null;
    }

    /// <inheritdoc/>
    public void Dispose() => _tree.Dispose();

    // Others hold it for the time of their writes. One that is stopped holds up nobody's end.
    private IDisposable Lock()
    {
        for (int tries = 0; tries < LockTries; tries++)
        {
            if (TryHold(LockName) is { } held)
            {
                return held;
            }

            Thread.Sleep(LockPause); // Of a thread that writes, and serves no session.
        }

        throw new ConfigurationException("another process holds dmarc/lock");
    }

    private int OpenLock(string name) =>
        _tree.Open(name, OpenFlags.ReadWrite | OpenFlags.Create, OwnerFile);

    // Where nobody sends them, the oldest goes.
    private void MakeRoom(DateOnly day)
    {
        if (_tree.TryStatus(NameOf(day)) is not null)
        {
            return;
        }

        foreach (DateOnly old in Days().SkipLast(DaysMax - 1))
        {
            foreach (string name in _tree.TryList(NameOf(old), out _) ?? [])
            {
                _tree.TryUnlink($"{NameOf(old)}/{name}");
            }

            _tree.TryRemoveDirectory(NameOf(old));
        }

        _tree.MakeDirectory(NameOf(day), OwnerDirectory);
    }

    private (int Files, long Bytes) Size(DateOnly day)
    {
        List<string> names = _tree.TryList(NameOf(day), out _) ?? [];
        return (names.Count,
            names.Sum(name => _tree.TryStatus($"{NameOf(day)}/{name}")?.Size ?? 0));
    }

    private void Append(string name, byte[] text)
    {
        int fd = _tree.Open(
            name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append, OwnerFile);
        try
        {
            Fd.WriteAll(fd, text);
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    private void Replace(string name, byte[] text)
    {
        string temporary = name + "~"; // No domain has such a name.
        _tree.TryUnlink(temporary);
        Append(temporary, text);
        _tree.Rename(temporary, name);
    }

    private static string NameOf(DateOnly day, string domain) => $"{NameOf(day)}/{domain}";

    private sealed class Held(int fd) : IDisposable
    {
        public void Dispose() => Fd.Close(fd);
    }
}
