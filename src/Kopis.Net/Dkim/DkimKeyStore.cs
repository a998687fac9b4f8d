using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Net.Dkim;

/// <summary>The directory <c>dkim</c>, for its owner, who changes it. A key's file is written
/// whole, or not at all.</summary>
public sealed class DkimKeyStore : IDisposable
{
    private const int OwnerDirectory = 0x1C0; // 0700
    private const int OwnerFile = 0x180; // 0600

    private readonly Beneath _tree;

    /// <summary>Opens it.</summary>
    /// <exception cref="ConfigurationException">It belongs to another user.</exception>
    /// <exception cref="PosixException">It does not exist, or cannot be opened.</exception>
    public DkimKeyStore(string path) => _tree = Beneath.TryOpenOwn(path)
        ?? throw new ConfigurationException(
            $"{path}: not a directory of this user's that nobody else can write to",
            ExitCode.Permanent);

    /// <summary>The domains that have a directory, in order.</summary>
    public IReadOnlyList<string> Domains() =>
        [.. (_tree.TryList("", out _) ?? []).Where(DkimNames.IsDomain)
            .Where(name => Read(name) is not null).Order(StringComparer.Ordinal)];

    /// <summary>The keys of a domain; null if it has none.</summary>
    public DkimDomainKeys? Read(string domain) => DkimKeyDirectory.Read(_tree, domain);

    /// <summary>Writes a key, durably; replaces one with the same name.</summary>
    /// <exception cref="PosixException">The key cannot be written.</exception>
    public void Write(DkimKeyFile key)
    {
        if (_tree.TryStatus(key.Domain) is null)
        {
            _tree.MakeDirectory(key.Domain, OwnerDirectory);
            _tree.SyncDirectory("");
        }

        _tree.Replace(
            NameOf(key.Domain, key.Selector), $"{key.Domain}/{key.Selector}.new", key.ToBytes(),
            OwnerFile);
    }

    /// <summary>Whether there is a file for a selector, even an invalid one.</summary>
    public bool Has(string domain, string selector) =>
        _tree.TryStatus(Fd.PathBytes(NameOf(domain, selector)), out int errno) is not null
        || errno is not (Errno.NoEntry or Errno.NotDirectory);

    /// <summary>Removes a key, and with the last key its directory.</summary>
    /// <returns>False if there is none.</returns>
    public bool Remove(string domain, string selector)
    {
        bool isRemoved = _tree.TryUnlink(NameOf(domain, selector));
        _tree.TryRemoveDirectory(domain);
        return isRemoved;
    }

    /// <inheritdoc/>
    public void Dispose() => _tree.Dispose();

    private static string NameOf(string domain, string selector) =>
        $"{domain}/{selector}{DkimNames.Suffix}";
}
