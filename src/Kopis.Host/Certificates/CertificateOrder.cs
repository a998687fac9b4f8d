using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using Kopis.Base;
using Kopis.Host.Certificates.Challenges;
using Kopis.Host.Certificates.Protocol;

namespace Kopis.Host.Certificates;

/// <summary>One order of a certificate, from its start to the chain (RFC 8555 §7.4).</summary>
/// <param name="session">The session, signed in.</param>
/// <param name="key">The account's key.</param>
/// <param name="responder">Proves that the names are ours.</param>
/// <param name="time">The clock.</param>
internal sealed class CertificateOrder(
    AcmeSession session, AccountKey key, IChallengeResponder responder, TimeProvider time)
{
    private const string ChainType = "application/pem-certificate-chain";
    private static readonly TimeSpan FirstPoll = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan MostPoll = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan DecisionTimeout = TimeSpan.FromMinutes(5);

    /// <summary>Orders a certificate for a request.</summary>
    /// <param name="names">The names of the request.</param>
    /// <param name="request">The request (PKCS #10).</param>
    /// <param name="stop">Cancels the order.</param>
    /// <returns>The chain as PEM, the host's certificate first.</returns>
    /// <exception cref="AcmeException">No certificate is issued, or not now.</exception>
    internal async Task<string> RunAsync(
        IReadOnlyList<string> names, byte[] request, CancellationToken stop)
    {
        AcmeResponse made = await session.PostAsync(
            session.Directory.NewOrder, OrderOf(names), stop);
        string url = AcmeJson.CheckedUrl(made.Location, "Location");
        AcmeOrder order = AcmeOrder.Parse(made.Body);
        await ShowAsync(order.Authorizations, names, stop);

        // The order becomes ready when all of its names are proved.
        order = await UntilAsync(url, AcmeOrder.Parse, one => one.Status != "pending", stop);
        if (order.Status == "ready")
        {
            await session.PostAsync(order.Finalize, Json(json =>
                json.WriteString("csr"u8, Base64Url.EncodeToString(request))), stop);
            order = await UntilAsync(
                url, AcmeOrder.Parse, one => one.Status is not ("ready" or "processing"), stop);
        }

        return order is { Status: "valid", Certificate: { } certificate }
            ? await DownloadAsync(certificate, stop)
            : throw Failure(order);
    }

    private async Task ShowAsync(
        IReadOnlyList<string> authorizations, IReadOnlyList<string> names, CancellationToken stop)
    {
        List<string> asked = [];
        foreach (string url in authorizations)
        {
            AcmeAuthorization found =
                AcmeAuthorization.Parse((await session.ReadAsync(url, stop)).Body);
            if (found.Status == "valid")
            {
                continue; // It was proved to this server recently.
            }

            if (!names.Contains(found.Name))
            {
                throw new AcmeException("the server asks for a name that was not ordered");
            }

            AcmeChallenge challenge = found.Find(responder.Type)
                ?? throw new AcmeException(
                    $"the server offers no {responder.Type} for {found.Name}", ExitCode.Permanent);
            responder.Offer(found.Name, challenge.Token, key.Authorization(challenge.Token));
            await session.PostAsync(challenge.Url, Json(_ => { }), stop);
            asked.Add(url);
        }

        foreach (string url in asked)
        {
            AcmeAuthorization decided = await UntilAsync(
                url, AcmeAuthorization.Parse, one => one.Status != "pending", stop);
            if (decided.Status != "valid")
            {
                throw decided.Failure(responder.Type);
            }
        }
    }

    private async Task<string> DownloadAsync(string url, CancellationToken stop)
    {
        AcmeResponse response = await session.ReadAsync(url, stop);
        return response.MediaType == ChainType
            ? ByteText.ToText(response.Body)
            : throw new AcmeException($"{url}: no {ChainType}");
    }

    /// <summary>Polls until there is a result, after growing pauses or those that the server asks
    /// for.</summary>
    private async Task<T> UntilAsync<T>(
        string url, Func<ReadOnlyMemory<byte>, T> parse, Func<T, bool> isDone,
        CancellationToken stop)
    {
        long began = time.GetTimestamp();
        for (TimeSpan wait = FirstPoll; ; wait *= 2)
        {
            AcmeResponse response = await session.ReadAsync(url, stop);
            T found = parse(response.Body);
            if (isDone(found))
            {
                return found;
            }

            if (time.GetElapsedTime(began) > DecisionTimeout)
            {
                throw new AcmeException($"{url}: no decision");
            }

            TimeSpan next = response.RetryAfter ?? wait;
            await Task.Delay(next < MostPoll ? next : MostPoll, time, stop);
        }
    }

    private static AcmeException Failure(AcmeOrder order) =>
        order.Error is { } error
            ? error.ToException("the order failed")
            : new AcmeException($"the order failed: it is {AcmeProblem.Printable(order.Status)}");

    private static byte[] OrderOf(IReadOnlyList<string> names) => Json(json =>
    {
        json.WriteStartArray("identifiers"u8);
        foreach (string name in names)
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "dns"u8);
            json.WriteString("value"u8, name);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });

    private static byte[] Json(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> output = new();
        using Utf8JsonWriter json = new(output);
        json.WriteStartObject();
        write(json);
        json.WriteEndObject();
        json.Flush();
        return output.WrittenSpan.ToArray();
    }
}
