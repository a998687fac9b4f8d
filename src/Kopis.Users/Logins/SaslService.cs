using System.Net;
using Kopis.Base;
using Kopis.Mail.Sasl;
using Kopis.Users.Lookup;

namespace Kopis.Users.Logins;

/// <summary>Answers the questions of SASL exchanges: from a login service, and for tokens by their
/// issuer's keys.</summary>
/// <param name="logins">Checks passwords and proofs; null if only tokens are accepted.</param>
/// <param name="tokens">Checks tokens; null if no issuer is known.</param>
/// <param name="limits">Counts failed tokens.</param>
/// <param name="isUnlocked">Whether an account that the issuer named may log in here; null: every
/// account may.</param>
public sealed class SaslService(
    ILoginService? logins, BearerTokens? tokens, LimitedLoginService limits,
    Func<byte[], CancellationToken, Task<LookupVerdict>>? isUnlocked = null)
{
    /// <summary>Ends sessions whose login is no longer valid; null: sessions do not end that way.
    /// </summary>
    public LoginWatch? Watch { get; init; }

    /// <summary>The mechanisms that can be served, among those that a site allows.</summary>
    /// <param name="allowed">Null if there is no list. Then SCRAM is offered only if every user has
    /// keys for it: clients prefer it, and try no other mechanism after it.</param>
    public IReadOnlyList<string> Mechanisms(IReadOnlyList<string>? allowed) =>
        [.. (allowed ?? SaslOffer.All).Where(name => name switch
        {
            "OAUTHBEARER" or "XOAUTH2" => tokens is not null,
            "SCRAM-SHA-256" or "SCRAM-SHA-256-PLUS" =>
                logins is { HasScram: true } && (allowed is not null || logins.HasScramForAll),
            _ => logins is not null,
        })];

    /// <summary>Answers a question; a No is delayed.</summary>
    /// <exception cref="OperationCanceledException">The listener is ending.</exception>
    public async Task<SaslAnswer> AnswerAsync(
        IPAddress peer, SaslQuestion question, CancellationToken stop)
    {
        LoginAnswer? answer = (question.Kind, logins, tokens) switch
        {
            (SaslQuestionKind.Password, { } service, _) => await service.CheckPasswordAsync(
                peer, question.Name, question.Secret, stop),
            (SaslQuestionKind.Proof, { } service, _) => await service.CheckProofAsync(
                peer, question.Name, question.AuthMessage, question.Secret, stop),
            (SaslQuestionKind.Digest, { } service, _) => await service.CheckDigestAsync(
                peer, question.Name, question.AuthMessage, question.Secret, stop),
            (SaslQuestionKind.Token, { HasTokens: true } service, not null) =>
                await service.CheckTokenAsync(peer, question.Name, question.Secret, stop),
            (SaslQuestionKind.Token, _, { } issuer) => await limits.GuardAsync(
                peer, question.Name, () => CheckTokenAsync(issuer, question, stop), stop),
            _ => null,
        };
        if (answer is not null)
        {
            return answer.Verdict switch
            {
                LookupVerdict.Yes => SaslAnswer.Yes(answer.Account, answer.ServerSignature) with
                {
                    Ticket = answer.Ticket,
                },
                LookupVerdict.No => SaslAnswer.No,
                _ => SaslAnswer.Later,
            };
        }

        return question.Kind == SaslQuestionKind.Salt && logins is not null
            && await logins.SaltOfAsync(question.Name, stop) is (byte[] salt, int iterations)
                ? SaslAnswer.Of(salt, iterations)
                : SaslAnswer.Later;
    }

    /// <summary>A token must pass the issuer's check and then ours: the issuer does not know who is
    /// locked.</summary>
    private async Task<LoginAnswer> CheckTokenAsync(
        BearerTokens issuer, SaslQuestion question, CancellationToken stop)
    {
        LoginAnswer answer = await issuer.CheckAsync(question.Name, question.Secret);
        return answer.Verdict != LookupVerdict.Yes || isUnlocked is null ? answer
            : await isUnlocked(ByteText.ToBytes(answer.Account), stop) switch
            {
                LookupVerdict.Yes => answer,
                LookupVerdict.No => LoginAnswer.No,
                _ => LoginAnswer.Later,
            };
    }
}
