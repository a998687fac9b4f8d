using Kopis.Posix;

namespace Kopis.Net.Dkim;

/// <summary>The directory <c>dkim</c>, for the process that signs: files
/// <c>DOMAIN/SELECTOR.pem</c>, which must belong to its user and be readable by nobody else. Files
/// are read again when they have changed. May be used from many threads.</summary>
/// <param name="path">The directory.</param>
/// <param name="time">The clock.</param>
/// <param name="warn">Gets a line about each key that cannot be used, when it is read.</param>
public sealed class DkimKeyDirectory(string path, TimeProvider time, Action<string> warn)
{
    /// <summary>The most files of a domain; others are ignored.</summary>
    public const int FilesMax = 64;

    private const int OthersMay = 0x3F; // 0077
    private const int OthersMayWrite = 0x12; // 0022
    private const int AnswersMax = 1000;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, (long At, DkimDomainKeys? Keys)> _answers = [];
    private readonly Dictionary<string, Known> _known = [];
    private string _fault = "";

    /// <summary>The keys for mail from a domain: its own, or those of the nearest parent domain
    /// that has any. Returns the same object as long as nothing has changed.</summary>
    /// <param name="domain">The domain, normalized.</param>
    /// <returns>Null if there are none. If none of the keys can be used, the result has only
    /// faults.</returns>
    public DkimDomainKeys? Find(string domain)
    {
        lock (_lock)
        {
            if (_answers.TryGetValue(domain, out (long At, DkimDomainKeys? Keys) known)
                && time.GetElapsedTime(known.At) < LookAgain)
            {
                return known.Keys;
            }

            if (_answers.Count >= AnswersMax)
            {
                _answers.Clear();
                _known.Clear();
            }

            long now = time.GetTimestamp();
            DkimDomainKeys? keys = Look(domain);
            _answers[domain] = (now, keys);
            return keys;
        }
    }

    /// <summary>The current keys of one domain.</summary>
    /// <param name="tree">The directory.</param>
    /// <param name="domain">The domain.</param>
    /// <returns>Null if it has none.</returns>
    internal static DkimDomainKeys? Read(Beneath tree, string domain) =>
        List(tree, domain) is { } files ? Load(tree, domain, files) : null;

    private DkimDomainKeys? Look(string domain)
    {
        try
        {
            using Beneath? tree = Beneath.TryOpenOwn(path);
            if (tree is null)
            {
                return Unreadable("not a directory of this user's that nobody else can write to");
            }

            _fault = "";
            for (string? name = domain; name is not null; name = DkimNames.Above(name))
            {
                if (DkimNames.IsDomain(name) && Current(tree, name) is { } keys)
                {
                    return keys;
                }
            }

            return null;
        }
        catch (PosixException e)
        {
            return e.Number == Errno.NoEntry ? null : Unreadable(ErrorText.Of(e.Number));
        }
    }

    private DkimDomainKeys Unreadable(string why)
    {
        if (_fault != why)
        {
            _fault = why;
            warn($"{path}: {why}");
        }

        return new DkimDomainKeys("", [], [$"{path}: {why}"]);
    }

    private DkimDomainKeys? Current(Beneath tree, string domain)
    {
        if (List(tree, domain) is not { } files)
        {
            _known.Remove(domain);
            return null;
        }

        if (_known.TryGetValue(domain, out Known? known) && known.Files.SequenceEqual(files))
        {
            return known.Keys;
        }

        DkimDomainKeys keys = Load(tree, domain, files);
        _known[domain] = new Known(files, keys);
        foreach (string fault in keys.Faults)
        {
            warn($"{path}/{fault}");
        }

        return keys;
    }

    /// <summary>The files of a domain, with their status; null if there are none.</summary>
    private static Entry[]? List(Beneath tree, string domain)
    {
        if (tree.TryStatus(Fd.PathBytes(domain), out int errno) is not { } status)
        {
            return errno == Errno.NoEntry ? null : [new Entry("", default, errno)];
        }

        if (!status.IsDirectory || status.Uid != Processes.EffectiveUid
            || (status.Mode & OthersMayWrite) != 0)
        {
            return [new Entry("", default, Errno.NotPermitted)];
        }

        if (tree.TryList(domain, out errno) is not { } names)
        {
            return [new Entry("", default, errno)];
        }

        Entry[] files =
        [
            .. names.Where(name => name.EndsWith(DkimNames.Suffix, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal).Take(FilesMax)
                .Select(name => EntryOf(tree, domain, name)),
        ];
        return files.Length > 0 ? files : null;
    }

    // A link has an error in place of a status. The time of the last read does not count as a
    // change.
    private static Entry EntryOf(Beneath tree, string domain, string name)
    {
        FileStatus? status = tree.TryStatus(Fd.PathBytes($"{domain}/{name}"), out int errno);
        return status is { } one
            ? new Entry(name, one with { Accessed = default }, 0)
            : new Entry(name, default, errno);
    }

    private static DkimDomainKeys Load(Beneath tree, string domain, Entry[] files)
    {
        List<DkimKeyFile> keys = [];
        List<string> faults = [];
        foreach (Entry file in files)
        {
            string name = file.Name.Length == 0 ? domain : $"{domain}/{file.Name}";
            if (TryLoad(tree, domain, file, out string fault) is { } key)
            {
                keys.Add(key);
            }
            else
            {
                faults.Add($"{name}: {fault}");
            }
        }

        return new DkimDomainKeys(
            domain,
            [
                .. keys.OrderByDescending(key => key.From ?? DateTimeOffset.MinValue)
                    .ThenBy(key => key.IsEd25519)
                    .ThenByDescending(key => key.Selector, StringComparer.Ordinal),
            ],
            faults);
    }

    private static DkimKeyFile? TryLoad(
        Beneath tree, string domain, Entry file, out string fault)
    {
        if (file.Name.Length == 0)
        {
            fault = file.Error == Errno.NotPermitted
                ? "not a directory of this user's that nobody else can write to"
                : ErrorText.Of(file.Error);
            return null;
        }

        string selector = file.Name[..^DkimNames.Suffix.Length];
        if (!DkimNames.IsSelector(selector))
        {
            fault = "name is not a selector";
            return null;
        }

        if (file.Error == 0 && (file.Status.Mode & OthersMay) != 0)
        {
            fault = "other users have rights to it";
            return null;
        }

        byte[]? content = tree.TryReadFile(
            $"{domain}/{file.Name}", DkimKeyFile.BytesMax, out int errno, Processes.EffectiveUid);
        if (content is null)
        {
            fault = ErrorText.Of(errno);
            return null;
        }

        return DkimKeyFile.TryParse(domain, selector, content, out fault);
    }

    private readonly record struct Entry(string Name, FileStatus Status, int Error);

    private sealed record Known(Entry[] Files, DkimDomainKeys Keys);
}
