using System.Globalization;
using Kopis.Base;
using Kopis.Mail.Authentication;
using Kopis.Posix;

namespace Kopis.Net.Dmarc;

/// <summary>The directory <c>dmarc</c>: a directory for each day (UTC), with a file of lines for
/// each domain. Each listener adds to them by itself; a crash may cut off the last lines. Must be
/// disposed.</summary>
public sealed class ReportStore : IDisposable
{
    /// <summary>The most domains of a day.</summary>
    public const int DomainsMax = 10_000;

    /// <summary>The most bytes of a day.</summary>
    public const long DayBytesMax = 128 * 1024 * 1024;

    /// <summary>How many days are kept if nobody sends reports.</summary>
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
    /// <exception cref="ConfigurationException">It belongs to another user.</exception>
    /// <exception cref="PosixException">It does not exist, or cannot be opened.</exception>
    public ReportStore(string path) => _tree = Beneath.TryOpenOwn(path)
        ?? throw new ConfigurationException(
            $"{path}: not a directory of this user's that nobody else can write to",
            ExitCode.Permanent);

    /// <summary>Parses a day in the form of its directory: 2026-11-29.</summary>
    public static bool TryDay(string text, out DateOnly day) => DateOnly.TryParseExact(
        text, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out day);

    /// <summary>Formats a day.</summary>
    public static string NameOf(DateOnly day) =>
        day.ToString(DayFormat, CultureInfo.InvariantCulture);

    /// <summary>Adds to a day's rows, by domain.</summary>
    /// <returns>How many domains had no room.</returns>
    /// <exception cref="PosixException">The rows cannot be written.</exception>
    /// <exception cref="ConfigurationException">Another process holds the lock too long.
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

    /// <summary>The days, the oldest first.</summary>
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

    /// <summary>The rows of a domain; none if they cannot be read.</summary>
    public DomainRows Read(DateOnly day, string domain) => DomainRows.Read(
        _tree.TryReadFile(NameOf(day, domain), FileBytesMax, out _) ?? []);

    /// <summary>Removes the rows of a domain, and with the last domain the day.</summary>
    public void Remove(DateOnly day, string domain)
    {
        _tree.TryUnlink(NameOf(day, domain));
        _tree.TryRemoveDirectory(NameOf(day));
    }

    /// <summary>Takes a lock for work that only one process may do; null if another process has it.
    /// </summary>
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

    // Others hold the lock while they write. A process that was stopped does not keep others from
    // ending.
    private IDisposable Lock()
    {
        for (int tries = 0; tries < LockTries; tries++)
        {
            if (TryHold(LockName) is { } held)
            {
                return held;
            }

            Thread.Sleep(LockPause); // This thread only writes.
        }

        throw new ConfigurationException("another process holds dmarc/lock");
    }

    private int OpenLock(string name) =>
        _tree.Open(name, OpenFlags.ReadWrite | OpenFlags.Create, OwnerFile);

    // If nobody sends reports, the oldest day is removed.
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
