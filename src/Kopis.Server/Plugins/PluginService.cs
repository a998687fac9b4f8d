using Kopis.Base;
using Kopis.Config;
using Kopis.Server.Smtp;

namespace Kopis.Server.Plugins;

/// <summary>The plugins of a listener's sessions.</summary>
/// <param name="control">Where the control files are.</param>
/// <param name="home">The directory in which plugins run.</param>
/// <param name="log">Writes a line to the log.</param>
/// <param name="time">The clock.</param>
internal sealed class PluginService(
    ControlDirectory control, string home, Action<string> log, TimeProvider time)
{
    private readonly PluginPlaces _places = new();
    private readonly LogThrottle _faults = new(log, time);
    private readonly Reloading<PluginList> _list = new(
        control.Watched(PluginList.Files), () => PluginList.Load(control), time);

    /// <summary>Reads the files.</summary>
    /// <exception cref="ConfigurationException">One cannot be understood.</exception>
    internal void Check() => _ = _list.Current();

    /// <summary>Makes the plugins of a session. NOSPP in its environment turns plugins off, as in
    /// qmail-spp.</summary>
    /// <param name="client">The client.</param>
    /// <param name="who">The name of the session in the log.</param>
    internal SessionPlugins Begin(ClientInfo client, string who)
    {
        PluginList list = _list.Current();
        return new SessionPlugins(
            list, list.IsEmpty ? client.Environment : new ByteEnvironment(client.Environment),
            client.Environment["NOSPP"] is null,
            (plugin, environment, stop) => RunAsync(list, client, plugin, environment, stop),
            line => log($"{who}: {line}"),
            (plugin, line) => _faults.Write(
                $"warning: {plugin.Name}", $"warning: {who}: plugin {plugin.Name}: {line}"));
    }

    private async Task<(PluginOutput Output, string? Failure)> RunAsync(
        PluginList list, ClientInfo client, Plugin plugin, ByteEnvironment environment,
        CancellationToken stop)
    {
        using IDisposable? place =
            await _places.EnterAsync(client.Address, list.Timeout, stop);
        return place is null
            ? (new PluginOutput(), "had to wait too long: too many of them run")
            : await PluginRun.RunAsync(
                plugin, new ByteEnvironment(environment), home, list.Timeout, stop);
    }
}
