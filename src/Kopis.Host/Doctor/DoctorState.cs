namespace Kopis.Host.Doctor;

/// <summary>What a check found, from the best to the worst.</summary>
internal enum DoctorState
{
    /// <summary>All is well.</summary>
    Ok,

    /// <summary>It could be better, but mail does not suffer.</summary>
    Note,

    /// <summary>It could not be checked; the text has the reason.</summary>
    Unchecked,

    /// <summary>Some receivers object, or mail will suffer soon.</summary>
    Warning,

    /// <summary>Mail is lost or refused, or strangers can read or relay it.</summary>
    Fault,
}
