using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Host.Certificates.Challenges;

/// <summary>A port that is open only while an order is under way.</summary>
internal abstract class ChallengeListener : IChallengeResponder
{
    private const int Backlog = 32;
    private const int ConnectionsMax = 32; // A server asks from a handful of places.
    private static readonly TimeSpan ConnectionTimeout = TimeSpan.FromSeconds(10);

    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _free = new(ConnectionsMax);

    /// <summary>Makes a listener, which answers only after <see cref="Start"/>.</summary>
    /// <param name="at">The address and port.</param>
    /// <param name="bound">The port, if it is bound already; null to bind it now.</param>
    /// <exception cref="ConfigurationException">The port is taken, or we may not bind it.
    /// </exception>
    private protected ChallengeListener(IPEndPoint at, Socket? bound) =>
        _listener = bound ?? Bind(at);

    /// <summary>Binds the port.</summary>
    /// <exception cref="ConfigurationException">The port is taken, or we may not bind it.
    /// </exception>
    internal static Socket Bind(IPEndPoint at)
    {
        Socket listener = new(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (at.Address.Equals(IPAddress.IPv6Any))
            {
                listener.DualMode = true;
            }

            listener.Bind(at);
            listener.Listen(Backlog);
            return listener;
        }
        catch (SocketException e)
        {
            listener.Dispose();
            throw new ConfigurationException($"unable to listen at {at}: {ErrorText.Of(e)}", e);
        }
    }

    public abstract string Type { get; }

    public abstract void Offer(string name, string token, string authorization);

    /// <summary>Begins to answer.</summary>
    internal void Start() => ErrorLog.Watch(Task.Run(AcceptAsync));

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Serves one connection until it is answered.</summary>
    private protected abstract Task ServeAsync(Stream client, CancellationToken stop);

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                await _free.WaitAsync(_stop.Token);
                ErrorLog.Watch(AnswerAsync(await _listener.AcceptAsync(_stop.Token)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException
            or SocketException)
        {
            // The order has ended; or no descriptor is left, and the order will fail.
        }
    }

    private async Task AnswerAsync(Socket client)
    {
        using CancellationTokenSource soon =
            CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        soon.CancelAfter(ConnectionTimeout);
        try
        {
            using NetworkStream stream = new(client, ownsSocket: true);
            await ServeAsync(stream, soon.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException
            or AuthenticationException or ObjectDisposedException)
        {
            // This was not the ACME server, which would report an error in its problem document.
        }
        finally
        {
            _free.Release();
        }
    }
}
