using Kopis.Base;
using Kopis.Config;
using Kopis.Posix;

namespace Kopis.Host.Tokens;

/// <summary>The directory <c>auth</c>, as its owner changes it. A file appears whole, or not at
/// all.</summary>
internal sealed class TokenStore : IDisposable
{
    private const int OwnerFile = 0x180; // 0600

    private readonly string _folder;
    private readonly Beneath _tree;

    /// <summary>Opens it.</summary>
    /// <exception cref="ConfigurationException">It is another's, or not there.</exception>
    internal TokenStore(string path)
    {
        _folder = Path.GetFileName(path);
        try
        {
            _tree = Beneath.TryOpenOwn(path) ?? throw new ConfigurationException(
                $"{path}: not a directory of this user's that nobody else can write to",
                ExitCode.Permanent);
        }
        catch (PosixException e)
        {
            throw new ConfigurationException(
                $"{path}: {ErrorText.Of(e.Number)}", ExitCode.Permanent);
        }
    }

    /// <summary>The names that have settings, in order.</summary>
    internal IReadOnlyList<string> Names() =>
    [
        .. (_tree.TryList("", out _) ?? [])
            .Where(name => name.EndsWith(TokenClient.Suffix, StringComparison.Ordinal))
            .Select(name => name[..^TokenClient.Suffix.Length])
            .Where(PrivateDirectory.IsName).Order(StringComparer.Ordinal),
    ];

    /// <summary>The content of a file; null where there is none.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    internal byte[]? TryRead(string name) =>
        _tree.TryReadFile(name, TokenClient.BytesMax, out int errno, Processes.EffectiveUid)
            ?? (errno == Errno.NoEntry ? null : throw new ConfigurationException(
                $"{_folder}/{name}: {ErrorText.Of(errno)}", ExitCode.Permanent));

    /// <summary>Writes a file, durably.</summary>
    /// <exception cref="PosixException">It cannot be written.</exception>
    internal void Write(string name, ReadOnlySpan<byte> content) =>
        _tree.Replace(name, $".{name}.new", content, OwnerFile);

    /// <inheritdoc/>
    public void Dispose() => _tree.Dispose();
}
