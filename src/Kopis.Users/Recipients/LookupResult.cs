namespace Kopis.Users;

/// <summary>What a look-up found.</summary>
/// <param name="User">The user; null where there is none or the code tells of trouble.</param>
/// <param name="Code">See <see cref="SpawnCode"/>; 0 with no user: nobody is known.</param>
public readonly record struct LookupResult(RecipientUser? User, int Code)
{
    /// <summary>Nobody; ask the next.</summary>
    public static LookupResult Nobody => default;

    /// <summary>Found.</summary>
    public static LookupResult Found(RecipientUser user) => new(user, 0);

    /// <summary>Trouble: no delivery now.</summary>
    public static LookupResult Trouble(int code) => new(null, code);

    /// <summary>Reads the six fields of a user.</summary>
    public static LookupResult Parse(ReadOnlySpan<byte> fields) =>
        RecipientUser.Parse(fields, out bool isForRoot) is { } user
            ? Found(user)
            : Trouble(isForRoot ? SpawnCode.Root : SpawnCode.Usage);
}
