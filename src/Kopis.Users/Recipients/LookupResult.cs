namespace Kopis.Users.Recipients;

/// <summary>What a look-up found.</summary>
/// <param name="User">The user; null if there is none or the code reports trouble.</param>
/// <param name="Code">See <see cref="SpawnCode"/>; 0 with no user: nobody is known.</param>
public readonly record struct LookupResult(RecipientUser? User, int Code)
{
    /// <summary>Nobody; ask the next.</summary>
    public static LookupResult Nobody => default;

    /// <summary>Found.</summary>
    public static LookupResult Found(RecipientUser user) => new(user, 0);

    /// <summary>Trouble: no delivery now.</summary>
    public static LookupResult Trouble(int code) => new(null, code);

    /// <summary>The longest answer of qmail-getpw: six fields, of which two may be addresses.
    /// </summary>
    public const int AnswerBytesMax = 16 * 1024;

    /// <summary>As the answer of <c>qmail-getpw --serve</c>: the exit code, then the output.
    /// </summary>
    public byte[] ToAnswer() => [(byte)Code, .. User?.ToFields() ?? []];

    /// <summary>Reads such an answer; none at all, or one that is too long, is trouble.</summary>
    /// <param name="answer">What came.</param>
    /// <param name="isForeign">Whether a site's own program has answered, which may bounce mail
    /// (contract §7.2); ours has no reason to.</param>
    public static LookupResult OfAnswer(ReadOnlySpan<byte> answer, bool isForeign = false) =>
        answer.IsEmpty || answer.Length > AnswerBytesMax ? Trouble(SpawnCode.System)
            : !isForeign
                && answer[0] is (> 0 and < SpawnCode.Usage) or SpawnCode.CannotRunEver
                ? Trouble(SpawnCode.System) // It may put mail off, not bounce it.
            : answer[0] != 0 ? Trouble(answer[0])
            : Parse(answer[1..]);

    /// <summary>Reads the six fields of a user.</summary>
    public static LookupResult Parse(ReadOnlySpan<byte> fields) =>
        RecipientUser.Parse(fields, out bool isForRoot) is { } user
            ? Found(user)
            : Trouble(isForRoot ? SpawnCode.Root : SpawnCode.Usage);
}
