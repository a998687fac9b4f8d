using System.Buffers;
using System.Net.Sockets;
using System.Text.Json;

namespace Kopis.Users.Settings;

/// <summary>The user's side of a channel: reads and writes his settings, as he. Whoever has the
/// other end can say what <see cref="UserSettings"/> has, and nothing else, while the login holds
/// that the channel is of: each request has a <see cref="SettingsRight"/> of just now.</summary>
public static class SettingsServer
{
    private const string Over = "the login does not hold any more";

    /// <summary>A session of the dashboard's ends before.</summary>
    private static readonly TimeSpan IdleMax = TimeSpan.FromMinutes(35);

    /// <summary>In all, whoever goes on asking.</summary>
    private static readonly TimeSpan LifeMax = TimeSpan.FromHours(12);

    /// <summary>The key of a channel, as a grant has it; null: it has none.</summary>
    public static byte[]? ParseKey(ReadOnlySpan<byte> text)
    {
        byte[] key = new byte[SettingsRight.KeyBytes];
        return text.Length == 2 * key.Length
            && Convert.FromHexString(text, key, out int _, out int _) == OperationStatus.Done
            ? key : null;
    }

    /// <summary>Serves to the end of the channel.</summary>
    /// <param name="socket">Our end; it stays the caller's.</param>
    /// <param name="home">The user's home.</param>
    /// <param name="clock">The clock; for requests that of the host, which all processes share.
    /// </param>
    /// <param name="key">Of the login's <see cref="SettingsRight"/>; null: the other side is of
    /// the same user, who needs none.</param>
    public static async Task ServeAsync(
        Socket socket, string home, TimeProvider clock, byte[]? key)
    {
        SettingsFiles files = new(home, clock);
        using CancellationTokenSource life = new(LifeMax, clock);
        try
        {
            while (true)
            {
                using CancellationTokenSource idle = new(IdleMax, clock);
                using CancellationTokenSource limit =
                    CancellationTokenSource.CreateLinkedTokenSource(life.Token, idle.Token);
                if (await SettingsMessage.ReceiveAsync(socket, limit.Token) is not { } request)
                {
                    return;
                }

                bool holds = TryParse(request, key, clock, out UserSettings? wanted);
                await SettingsMessage.SendAsync(
                    socket,
                    holds ? await AnswerAsync(files, wanted, limit.Token)
                        : SettingsMessage.Make(null, Over),
                    limit.Token);
                if (!holds)
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is SocketException or JsonException
            or OperationCanceledException)
        {
            // The other side is gone, or speaks of something else.
        }
    }

    // False: its login holds no more, as far as we are told.
    private static bool TryParse(
        byte[] request, byte[]? key, TimeProvider clock, out UserSettings? wanted)
    {
        (wanted, _, byte[] right) = SettingsMessage.Parse(request);
        return key is null
            || SettingsRight.IsGood(right, key, (long)clock.GetElapsedTime(0).TotalMilliseconds);
    }

    private static async Task<byte[]> AnswerAsync(
        SettingsFiles files, UserSettings? wanted, CancellationToken stop)
    {
        try
        {
            return SettingsMessage.Make(
                wanted is null ? files.Read() : await files.WriteAsync(wanted, stop));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return SettingsMessage.Make(null, e.Message);
        }
    }
}
