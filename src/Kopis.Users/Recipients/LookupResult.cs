namespace Kopis.Users.Recipients;

/// <summary>The result of looking up an address.</summary>
/// <param name="User">The user; null if there is none, or the code reports a failure.</param>
/// <param name="Code">See <see cref="SpawnCode"/>. 0 without a user: the address is nobody's.
/// </param>
public readonly record struct LookupResult(RecipientUser? User, int Code)
{
    /// <summary>The address is nobody's here; the next source is asked.</summary>
    public static LookupResult Nobody => default;

    /// <summary>The user was found.</summary>
    public static LookupResult Found(RecipientUser user) => new(user, 0);

    /// <summary>The lookup failed; no delivery is possible now.</summary>
    public static LookupResult Trouble(int code) => new(null, code);

    /// <summary>The longest answer of qmail-getpw: six fields, of which two may be addresses.
    /// </summary>
    public const int AnswerBytesMax = 16 * 1024;

    /// <summary>Formats the answer of <c>qmail-getpw --serve</c>: the exit code, then the output.
    /// </summary>
    public byte[] ToAnswer() => [(byte)Code, .. User?.ToFields() ?? []];

    /// <summary>Parses such an answer. An empty answer, or one that is too long, is a failure.
    /// </summary>
    /// <param name="answer">The answer.</param>
    /// <param name="isForeign">Whether a site's own program made the answer. Such a program may
    /// bounce mail (contract §7.2); ours never does.</param>
    public static LookupResult OfAnswer(ReadOnlySpan<byte> answer, bool isForeign = false) =>
        answer.IsEmpty || answer.Length > AnswerBytesMax ? Trouble(SpawnCode.System)
            : !isForeign
                && answer[0] is (> 0 and < SpawnCode.Usage) or SpawnCode.CannotRunEver
                ? Trouble(SpawnCode.System) // It may defer mail, but not bounce it.
            : answer[0] != 0 ? Trouble(answer[0])
            : Parse(answer[1..]);

    /// <summary>Parses the six fields of a user.</summary>
    public static LookupResult Parse(ReadOnlySpan<byte> fields) =>
        RecipientUser.Parse(fields, out bool isForRoot) is { } user
            ? Found(user)
            : Trouble(isForRoot ? SpawnCode.Root : SpawnCode.Usage);
}
