using System.Diagnostics.CodeAnalysis;
using System.Net;
using Kopis.Server.ClientPolicy;

namespace Kopis.Server.Plugins;

/// <summary>Limits how many plugins of a listener run at once: in all, and for each network, so
/// that the clients of one network cannot hold up others.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as its process.")]
internal sealed class PluginPlaces
{
    private const int ProgramsMax = 40;
    private const int PerNetworkMax = 10;

    private readonly SemaphoreSlim _all = new(ProgramsMax);
    private readonly Dictionary<string, Network> _networks = new(StringComparer.Ordinal);

    /// <summary>Waits for a slot. Disposing the result releases it.</summary>
    /// <returns>Null if there was none in time.</returns>
    internal async Task<IDisposable?> EnterAsync(
        IPAddress? client, TimeSpan patience, CancellationToken stop)
    {
        long start = TimeProvider.System.GetTimestamp();
        string key = ClientKeys.Of(client).Network ?? "";
        Network network = Begin(key);
        if (!await WaitAsync(network.Places, patience, stop))
        {
            End(key, network);
            return null;
        }

        TimeSpan left = patience - TimeProvider.System.GetElapsedTime(start);
        if (!await WaitAsync(_all, left > TimeSpan.Zero ? left : TimeSpan.Zero, stop))
        {
            network.Places.Release();
            End(key, network);
            return null;
        }

        return new Place(() =>
        {
            _all.Release();
            network.Places.Release();
            End(key, network);
        });
    }

    private static async Task<bool> WaitAsync(
        SemaphoreSlim places, TimeSpan patience, CancellationToken stop)
    {
        try
        {
            return await places.WaitAsync(patience, stop);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private Network Begin(string key)
    {
        lock (_networks)
        {
            if (!_networks.TryGetValue(key, out Network? network))
            {
                _networks[key] = network = new Network(new SemaphoreSlim(PerNetworkMax));
            }

            network.Users++;
            return network;
        }
    }

    private void End(string key, Network network)
    {
        lock (_networks)
        {
            if (--network.Users == 0)
            {
                _networks.Remove(key);
                network.Places.Dispose();
            }
        }
    }

    private sealed record Network(SemaphoreSlim Places)
    {
        internal int Users { get; set; }
    }

    private sealed class Place(Action leave) : IDisposable
    {
        private Action? _leave = leave;

        public void Dispose() => Interlocked.Exchange(ref _leave, null)?.Invoke();
    }
}
