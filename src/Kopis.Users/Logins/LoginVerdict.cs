namespace Kopis.Users.Logins;

/// <summary>The result of an attempt to log in.</summary>
/// <param name="Account">The account; null if it was refused.</param>
/// <param name="Delay">How long the client is to wait for a refusal.</param>
public readonly record struct LoginVerdict(Account? Account, TimeSpan Delay)
{
    /// <summary>It was not checked: too many are being checked; ask again after a pause.</summary>
    public static LoginVerdict Postponed { get; } = new() { IsPostponed = true };

    /// <summary>See <see cref="Postponed"/>.</summary>
    public bool IsPostponed { get; private init; }

    /// <summary>The stored hash that was judged, of the account; else empty.</summary>
    public byte[] Hash { get; init; } = [];

    /// <summary>SCRAM's proof that the server too knows the password; else empty.</summary>
    public byte[] ServerSignature { get; init; } = [];
}
