using System.Net;
using Kopis.Base;
using Kopis.Config;
using Kopis.Config.Catalog;
using Kopis.Config.Maps;

namespace Kopis.Net.Listener;

/// <summary>Decides whether a client may have another connection at a listener: by
/// <c>maxperaddress</c> and <c>maxpernetwork</c>, or <c>-C</c>; by the environment and the rules,
/// which override them; and by the places that are free. Clients on this host, and those of
/// <c>xclients</c>, which speak for others, are not limited.</summary>
internal sealed class ConnectionLimits
{
    private readonly ConnectionTable _table = new();
    private readonly Reloading<Settings> _settings;
    private readonly int _perAddress; // -C; 0 if it was not given.

    /// <exception cref="ConfigurationException">A control file cannot be parsed.</exception>
    internal ConnectionLimits(ControlDirectory control, int perAddress)
    {
        _perAddress = perAddress;
        ControlDirectory speakers = new(control.Directory); // qmail-smtpd warns of faults in it.
        _settings = new Reloading<Settings>(
            control.Watched([.. ConnectionBounds.Files, SmtpFiles.XClients]),
            () => new Settings(
                ConnectionBounds.Load(control), NetworkList.Load(speakers, SmtpFiles.XClients)),
            TimeProvider.System);
        _ = _settings.Current();
    }

    /// <summary>Counts a connection, if the client may have it.</summary>
    /// <param name="client">Its address.</param>
    /// <param name="environment">The listener's environment for this client.</param>
    /// <param name="rule">The rule for its address; null if there is none.</param>
    /// <param name="free">How many places are free, including the one for this connection.</param>
    /// <returns>Whether it was counted; then <see cref="Leave"/> must follow.</returns>
    /// <exception cref="ConfigurationException">A limit cannot be parsed.</exception>
    internal bool TryEnter(
        IPAddress client, ByteEnvironment environment, TcpRule? rule, int free)
    {
        Settings settings = _settings.Current();
        bool isExempt = _perAddress == 0
            && (IPAddress.IsLoopback(client) || settings.Speakers.Contains(client));
        ConnectionBounds bounds = isExempt ? ConnectionBounds.None : settings.Bounds;
        if (_perAddress > 0)
        {
            bounds = bounds with { PerAddress = _perAddress };
        }

        return _table.TryEnter(client, bounds.With(environment, rule), free);
    }

    /// <summary>Ends a connection that <see cref="TryEnter"/> has counted.</summary>
    internal void Leave(IPAddress client) => _table.Leave(client);

    private sealed record Settings(ConnectionBounds Bounds, NetworkList Speakers);
}
