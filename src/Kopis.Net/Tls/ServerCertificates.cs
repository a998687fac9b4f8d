using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;

namespace Kopis.Net.Tls;

/// <summary>The certificates of a host at one time, by the name that a client asks for.</summary>
internal sealed class ServerCertificates
{
    private readonly Dictionary<string, ServerCertificate> _byName =
        new(StringComparer.OrdinalIgnoreCase);

    private readonly ServerCertificate? _first;

    private ServerCertificates(IReadOnlyList<ServerCertificate> all, ClientAuthorities? clients)
    {
        _first = all.Count > 0 ? all[0] : null;
        Clients = clients;
        foreach (ServerCertificate certificate in all)
        {
            foreach (string name in certificate.Names)
            {
                _byName.TryAdd(name, certificate);
            }
        }
    }

    /// <summary>Whether there is none.</summary>
    internal bool IsEmpty => _first is null;

    /// <summary>The authorities for clients; null if clients are not asked for certificates.
    /// </summary>
    internal ClientAuthorities? Clients { get; }

    /// <summary>Reads <c>servercert.pem</c>, then <c>servercerts/*.pem</c>.</summary>
    /// <exception cref="ConfigurationException">A file exists and cannot be used.</exception>
    internal static ServerCertificates Load(ControlDirectory control)
    {
        List<ServerCertificate> all = [];
        if (control.ReadWhole(ListenerFiles.ServerCert) is { } own)
        {
            all.Add(ServerCertificate.Parse(control.PathOf(ListenerFiles.ServerCert), own));
        }

        foreach (string path in Further(control))
        {
            if (control.ReadWhole(ListenerFiles.ServerCerts, Path.GetFileName(path)) is { } pem)
            {
                all.Add(ServerCertificate.Parse(path, pem));
            }
        }

        return new ServerCertificates(all, ClientAuthorities.Load(control));
    }

    /// <summary>The files that <see cref="Load"/> would read now.</summary>
    internal static IReadOnlyList<string> FilesIn(ControlDirectory control) =>
        [control.PathOf(ListenerFiles.ServerCert), .. Further(control)];

    /// <summary>The certificate for a name: its own; else one for <c>*.</c> and what follows the
    /// first dot; else the first of all, which a strict client will not accept.</summary>
    internal ServerCertificate For(string? name)
    {
        if (!string.IsNullOrEmpty(name))
        {
            if (_byName.TryGetValue(name, out ServerCertificate? exact))
            {
                return exact;
            }

            int dot = name.IndexOf('.', StringComparison.Ordinal);
            if (dot > 0 && _byName.TryGetValue("*" + name[dot..], out ServerCertificate? wild))
            {
                return wild;
            }
        }

        return _first ?? throw new InvalidOperationException("TLS without a certificate");
    }

    private static IEnumerable<string> Further(ControlDirectory control)
    {
        string folder = control.PathOf(ListenerFiles.ServerCerts);
        try
        {
            return Directory.GetFiles(folder, "*.pem").Order(StringComparer.Ordinal);
        }
        catch (DirectoryNotFoundException)
        {
            return []; // One certificate is enough for most.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{folder}: {e.Message}", e);
        }
    }
}
