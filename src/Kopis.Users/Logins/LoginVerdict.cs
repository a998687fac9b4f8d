namespace Kopis.Users.Logins;

/// <summary>What became of a try to log in.</summary>
/// <param name="Account">Whose it is; null where it was refused.</param>
/// <param name="Delay">How long the client is to wait for a refusal.</param>
public readonly record struct LoginVerdict(Account? Account, TimeSpan Delay)
{
    /// <summary>It was not judged: as many as may fail are, so ask again after a pause.</summary>
    public static LoginVerdict Postponed { get; } = new() { IsPostponed = true };

    /// <summary>See <see cref="Postponed"/>.</summary>
    public bool IsPostponed { get; private init; }

    /// <summary>SCRAM's proof that the server too knows the password; else empty.</summary>
    public byte[] ServerSignature { get; init; } = [];
}
