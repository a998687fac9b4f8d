using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Kopis.Base;
using Kopis.Config.Catalog;

namespace Kopis.Config.Maps;

/// <summary><c>control/tlspolicy</c>: lines <c>domain:level</c>, with the levels none, may,
/// encrypt, verify, <c>verify:name:name…</c>, published, sts and dane. As in smtproutes, a domain
/// that starts with a dot is a suffix, and an empty one stands for all others.</summary>
public sealed class TlsPolicies
{
    private static readonly TlsPolicy Otherwise =
        new(TlsLevel.May, []) { Source = TlsSource.Receiver };

    // Characters that people write between a domain and its level.
    private static readonly SearchValues<byte> DomainEnds = SearchValues.Create(": \t=,;"u8);

    private readonly ConstMap _lines;
    private readonly Dictionary<string, string> _faults = new(StringComparer.Ordinal);

    private TlsPolicies(ControlDirectory control)
    {
        List<byte[]> all = [];
        List<string> wrong = [];
        bool Read(byte[] line)
        {
            int end = line.AsSpan().IndexOfAny(DomainEnds);
            byte[] domain = end < 0 ? line : line[..end];
            bool isSound = end >= 0 && line[end] == (byte)':'
                && TryParse(line[(end + 1)..]) is not null;
            if (end < 0 && !line.AsSpan().Contains((byte)'.'))
            {
                domain = []; // Unknown domain: applies to all without a line.
            }

            all.Add(isSound ? line : [.. domain, (byte)':']);
            if (!isSound)
            {
                wrong.Add(ByteText.ToText(Ascii8.ToLower(domain)));
            }

            return isSound;
        }

        IReadOnlyList<string> found = control.ReadLines(
            RemoteFiles.TlsPolicy, Read,
            "domain:none, may, encrypt, verify, published, sts or dane") ?? [];
        foreach ((string domain, string fault) in wrong.Zip(found))
        {
            _faults[domain] = $"{RemoteFiles.TlsPolicy}: {fault}";
        }

        _lines = ConstMap.KeyValue(all);
    }

    /// <summary>Faults of lines that are not a policy. Each affects only its own domain.</summary>
    public IReadOnlyCollection<string> Faults => _faults.Values;

    /// <summary>Reads the file. Without it <c>published</c> applies to all.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public static TlsPolicies Read(ControlDirectory control) => new(control);

    /// <summary>The policy for a destination, which is a recipient's domain.</summary>
    public TlsPolicy Find(ReadOnlySpan<byte> domain)
    {
        if (TryLine(domain, out TlsPolicy? policy))
        {
            return policy;
        }

        for (int i = 0; i < domain.Length; i++)
        {
            if (domain[i] == (byte)'.' && TryLine(domain[i..], out policy))
            {
                return policy;
            }
        }

        return TryLine([], out policy) ? policy : Otherwise;
    }

    private bool TryLine(ReadOnlySpan<byte> domain, [NotNullWhen(true)] out TlsPolicy? policy)
    {
        policy = _lines.TryGet(domain, out byte[]? value)
            ? TryParse(value) ?? new TlsPolicy(TlsLevel.Verify, [])
            {
                Fault = _faults[ByteText.ToText(Ascii8.ToLower(domain.ToArray()))],
            }
            : null;
        return policy is not null;
    }

    private static TlsPolicy? TryParse(byte[] value)
    {
        string[] words = ByteText.ToText(value).ToLowerInvariant().Split(':');
        (TlsLevel Level, TlsSource Source)? known = words[0] switch
        {
            "none" => (TlsLevel.None, TlsSource.Operator),
            "may" => (TlsLevel.May, TlsSource.Operator),
            "encrypt" => (TlsLevel.Encrypt, TlsSource.Operator),
            "verify" => (TlsLevel.Verify, TlsSource.Operator),
            "published" => (TlsLevel.May, TlsSource.Receiver),
            "sts" => (TlsLevel.Verify, TlsSource.Sts),
            "dane" => (TlsLevel.Verify, TlsSource.Dane),
            _ => null,
        };
        bool isSound = words.Length == 1
            || (known == (TlsLevel.Verify, TlsSource.Operator)
                && Array.TrueForAll(words, word => word.Length > 0));
        return known is { } one && isSound
            ? new TlsPolicy(one.Level, words[1..]) { Source = one.Source } : null;
    }
}
