using System.Text.Json;

namespace Kopis.Host.Certificates.Protocol;

/// <summary>A name, and whether it was proved to be ours (RFC 8555 §7.1.4).</summary>
internal sealed record AcmeAuthorization(
    string Status, string Name, IReadOnlyList<AcmeChallenge> Challenges)
{
    internal static AcmeAuthorization Parse(ReadOnlyMemory<byte> body)
    {
        JsonElement json = AcmeJson.Parse(body);
        JsonElement identifier = AcmeJson.Object(json, "identifier")
            ?? throw new AcmeException("the server's authorization names nothing");
        return new AcmeAuthorization(
            AcmeJson.RequiredText(json, "status"),
            AcmeProblem.Printable(AcmeJson.RequiredText(identifier, "value")).ToLowerInvariant(),
            [
                .. AcmeJson.RequiredList(json, "challenges")
                    .Select(AcmeChallenge.Parse).OfType<AcmeChallenge>(),
            ]);
    }

    /// <summary>The challenge of one type.</summary>
    internal AcmeChallenge? Find(string type) => Challenges.FirstOrDefault(one => one.Type == type);

    /// <summary>Why it failed, in the server's words.</summary>
    internal AcmeException Failure(string type) =>
        Find(type) is { Error: { } error }
            ? error.ToException($"the server did not verify {Name} by {type}")
            : new AcmeException(
                $"the server did not verify {Name}: {AcmeProblem.Printable(Status)}");
}
