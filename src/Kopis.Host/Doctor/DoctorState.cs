namespace Kopis.Host.Doctor;

/// <summary>What a check found, from the best to the worst.</summary>
internal enum DoctorState
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>It could be better; mail does not suffer.</summary>
    Note,

    /// <summary>It could not be checked: the reason is in the text.</summary>
    Unchecked,

    /// <summary>Some receivers mind, or mail will suffer soon.</summary>
    Warning,

    /// <summary>Mail is lost, refused or open to others.</summary>
    Fault,
}
