namespace Kopis.Users.Logins;

/// <summary>The result of an attempt to log in.</summary>
/// <param name="Account">The account; null if it was refused.</param>
/// <param name="Delay">How long a refusal is to be delayed.</param>
public readonly record struct LoginVerdict(Account? Account, TimeSpan Delay)
{
    /// <summary>The login was not checked, since too many are being checked. Ask again after a
    /// pause.</summary>
    public static LoginVerdict Postponed { get; } = new() { IsPostponed = true };

    /// <summary>See <see cref="Postponed"/>.</summary>
    public bool IsPostponed { get; private init; }

    /// <summary>The stored hash of the account that was checked; else empty.</summary>
    public byte[] Hash { get; init; } = [];

    /// <summary>SCRAM's proof that the server knows the password, too; else empty.</summary>
    public byte[] ServerSignature { get; init; } = [];
}
