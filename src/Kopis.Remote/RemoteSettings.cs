using Kopis.Config;
using Kopis.Config.Maps;
using Kopis.Net.Tls;

namespace Kopis.Remote;

/// <summary>The control files of qmail-remote (contract §2.2).</summary>
public sealed record RemoteSettings
{
    private const int ConnectSeconds = 60;
    private const int RemoteSeconds = 1200;
    private const int IdleSeconds = 5;

    private RemoteSettings()
    {
    }

    /// <summary>Our name in HELO and EHLO.</summary>
    public required byte[] HeloHost { get; init; }

    /// <summary>Where mail goes instead of to its MX.</summary>
    public required SmtpRoutes Routes { get; init; }

    /// <summary>The longest wait for a connection.</summary>
    public required TimeSpan ConnectTimeout { get; init; }

    /// <summary>The longest wait for one read or write.</summary>
    public required TimeSpan RemoteTimeout { get; init; }

    /// <summary>How long a connection waits for the next message; zero: it does not.</summary>
    public required TimeSpan IdleTimeout { get; init; }

    /// <summary>What is asked of TLS.</summary>
    public required TlsClientSettings Tls { get; init; }

    /// <summary>Lines that are of no use, and why; each harms mail of its own domain alone.
    /// </summary>
    public IEnumerable<string> Faults => Routes.Faults.Concat(Tls.Policies.Faults);

    /// <summary>The control files that these come from.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [
        "me", "helohost", "smtproutes", "timeoutconnect", "timeoutremote", "timeoutidle",
        .. TlsClientSettings.Files,
    ];

    /// <exception cref="ConfigurationException">A file cannot be read or understood, or neither
    /// helohost nor me is there.</exception>
    public static RemoteSettings Read(ControlDirectory control)
    {
        byte[] helo = control.ReadLineOrMe("helohost", null)
            ?? throw control.Bad("helohost", "this file and me are missing");
        if (helo.AsSpan().ContainsAnyInRange((byte)0, (byte)32))
        {
            throw control.Bad("helohost", "a host name has no blanks or control characters");
        }

        return new RemoteSettings
        {
            HeloHost = helo,
            Routes = SmtpRoutes.Read(control),
            ConnectTimeout = TimeSpan.FromSeconds(
                Math.Max(1, control.ReadSeconds("timeoutconnect", ConnectSeconds))),
            RemoteTimeout = TimeSpan.FromSeconds(
                Math.Max(1, control.ReadSeconds("timeoutremote", RemoteSeconds))),
            IdleTimeout = TimeSpan.FromSeconds(control.ReadSeconds("timeoutidle", IdleSeconds)),
            Tls = TlsClientSettings.Read(control),
        };
    }
}
